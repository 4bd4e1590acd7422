/** The core as the build inlines it: its bytes in base64. */
declare module '*/release.wasm' {
  const base64: string;
  export default base64;
}

declare module '*/shared.wasm' {
  const base64: string;
  export default base64;
}

/** The core as the platform imports it: compiled. */
declare module 'oriel/core.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
