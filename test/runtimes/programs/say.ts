/** Reports the results of a program: a page to its server, which answers with the next page, others to stdout. */

export async function say(program: () => unknown): Promise<void> {
  const said = JSON.stringify(await Promise.resolve().then(program).catch(wordOf));
  if (typeof document === 'undefined') console.log(said);
  else location.replace(await (await fetch(`/said${location.pathname}`, { method: 'POST', body: said })).text());
}

function wordOf(error: unknown): { error: unknown } {
  const { code, stack } = error as { code?: string; stack?: string };
  return { error: code ?? stack ?? String(error) };
}
