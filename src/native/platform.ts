/**
 * The package that holds the kernels for this platform, named as napi projects name theirs. `kernels/pack.mjs` makes
 * it from a built library.
 */
export function platformPackage(): string {
  return ['@ringwatt/kernels', process.platform, process.arch, ...libc()].join('-');
}

/** Libraries for glibc and musl cannot stand in for each other. */
function libc(): string[] {
  if (process.platform === 'win32') return ['msvc'];
  if (process.platform !== 'linux') return [];
  // The report would otherwise look up the names of all open connections.
  (process.report as { excludeNetwork?: boolean }).excludeNetwork = true;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return [header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'];
}
