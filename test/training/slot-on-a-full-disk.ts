// A slot's process whose writes fail with EFBIG where its limit on file sizes is reached, instead of ending it.
process.on('SIGXFSZ', () => undefined);
await import('../../src/training/slots/slot-process.ts');
