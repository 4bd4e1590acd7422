/** The core as the build inlines it: its bytes as base64. */
declare module '*/release.wasm' {
  const base64: string;
  export default base64;
}

declare module '*/shared.wasm' {
  const base64: string;
  export default base64;
}

/** The compiled core, for platforms that compile modules ahead of time. */
declare module 'oriel/core.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
