/** Says what came of a program: on its output, or, as a page, to its server, which knows the page to go to next. */

export async function say(program: () => unknown): Promise<void> {
  const said = JSON.stringify(await Promise.resolve().then(program).catch(wordOf));
  if (typeof document === 'undefined') console.log(said);
  else location.replace(await (await fetch(`/said${location.pathname}`, { method: 'POST', body: said })).text());
}

function wordOf(error: unknown): { error: unknown } {
  const { code, stack } = error as { code?: string; stack?: string };
  return { error: code ?? stack ?? String(error) };
}
