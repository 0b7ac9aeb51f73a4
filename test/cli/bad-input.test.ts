import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reasonOf, ringwatt } from './command.ts';

describe('bad input to the command line', () => {
  let folder: string;
  let home: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringwatt-cli-'));
    home = join(folder, 'home');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const refused = async (args: string[], reason: RegExp, code = 1) => {
    const ended = await ringwatt([...args, '--home', home]);
    assert.match(reasonOf(ended), reason);
    assert.equal(ended.code, code);
    assert.equal(ended.stdout, '');
  };

  it('names an unknown verb and an unknown flag', async () => {
    await refused(['validat'], /unknown command 'validat'/, 2);
    await refused(['validate', '--regoins', 'PACW'], /unknown option '--regoins'/, 2);
  });

  it('names a flag that is no number', async () => {
    await refused(
      ['sequences', '--stride', 'daily'],
      /--stride <hours>.*'daily' is invalid.*whole number/,
      2,
    );
  });

  it('names an unknown region and the known ones', async () => {
    await refused(
      ['ingest', '--regions', 'PACW,TEXAS'],
      /Unknown region "TEXAS"\. Known regions: PACW, ERCO/,
    );
    await refused(['run', '--regions', 'xx'], /Unknown region "XX"/);
  });

  it('refuses an end before the start', async () => {
    await refused(['ingest', '--from', '2019', '--to', '2018'], /--to 2018 ends before --from 2019 begins/);
    await refused(['run', '--train', '2018..2016'], /its end 2016 ends before --train 2018 begins/);
  });

  it('refuses to score what is trained on before anything is started', async () => {
    await refused(
      ['run', '--train', '2016..2018-01', '--score', '2018'],
      /--score 2018\.\.2018 overlaps --train 2016\.\.2018-01\. Score hours/,
    );
  });

  it('refuses what is no date, naming the field', async () => {
    await refused(['ingest', '--from', 'yesterday'], /from: must be a date such as 2018/);
  });

  it('refuses what a setting cannot be, naming the flag and its bound once', async () => {
    await refused(['run', '--ring-size', '9'], /: --ring-size: .*8\. See/);
    await refused(['run', '--kv-heads', '99999999999999999999'], /^Wrong input: --kv-heads: [^;]*<=32\. See/);
    await refused(['run', '--checkpoint-every', '0'], /--checkpoint-every: /);
    await refused(['run', '--sequence-length', '-5'], /--sequence-length: /);
  });

  it('names the verb that makes the dataset that is not there', async () => {
    await refused(['validate'], /There is no grid dataset in .*home\. Make one with `ingest`/);
    await refused(['train'], /There is no sequences dataset.*`sequences`/);
  });

  it('refuses a reference that leads out of the home', async () => {
    await refused(['validate', '--dataset', '../../etc/passwd'], /\.\.\/\.\.\/etc\/passwd/);
  });

  it('names a model, a version and a folder that are not there', async () => {
    const none = /There is no model nobody\. None is registered yet: `run --model nobody` makes one\./;
    await refused(['forecast', 'nobody'], none);
    await refused(['drift', 'nobody'], none);
    await refused(['promote', 'day-ahead', 'best'], /"best" is not a version's number/);
    await refused(['promote', 'nobody', '1'], /There is no model nobody/);
    await refused(['rollback', 'nobody'], /There is no model nobody/);
    await refused(['models', 'Day Ahead'], /"Day Ahead" is not a model's name/);
    await refused(['models', 'nobody'], /There is no model nobody\. None is registered yet/);
    mkdirSync(join(home, 'models', 'day-ahead'), { recursive: true });
    await refused(['models', 'nobody'], /There is no model nobody\. There are: day-ahead\./);
    await refused(['restore', join(folder, 'nowhere')], /nowhere\/backup\.json is not there/);
  });

  it('names the unknown field of a configuration file, and a file that is no JSON', async () => {
    const path = join(folder, 'config.json');
    writeFileSync(path, '{"slots": 2, "slotz": 3}');
    await refused(['status', '--config', path], /The configuration is wrong: .*slotz/);
    writeFileSync(path, '{"slots": "two"}');
    await refused(['status', '--config', path], /slots: .*number/);
    writeFileSync(path, '{slots');
    await refused(['status', '--config', path], /config\.json cannot be read as JSON/);
  });

  it('names a wrong environment variable’s field', async () => {
    const ended = await ringwatt(['status', '--home', home], { RINGWATT_SLOTS: 'many' });
    assert.match(reasonOf(ended), /slots: .*\. Correct RINGWATT_SLOTS;/);
    assert.equal(ended.code, 1);
  });

  it('names the column that a CSV lacks, and writes nothing', async () => {
    const input = join(folder, 'five.csv');
    const output = join(folder, 'features.parquet');
    writeFileSync(
      input,
      'timestamp,region,demand_mw,generation_mw,solar_mw\n2024-01-01T01:00:00Z,ERCO,1,2,3\n',
    );
    await refused(['features', '--input', input, '--output', output], /wind_mw/);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('parquet')),
      [],
    );
  });

  it('names the folder that has no weather of the regions in a file', async () => {
    const input = join(folder, 'six.csv');
    writeFileSync(
      input,
      'timestamp,region,demand_mw,generation_mw,solar_mw,wind_mw\n2019-07-01T09:00:00Z,ERCO,1,2,3,4\n',
    );
    const output = join(folder, 'six.parquet');
    const features = ['features', '--input', input, '--output', output, '--weather'];
    await refused([...features, folder], /ringwatt-cli-\w+ has no weather forecasts of ERCO/);
    assert.ok(!readdirSync(folder).includes('six.parquet'));
    const made = await ringwatt([...features, 'shipped', '--json']);
    assert.equal((JSON.parse(made.stdout) as { columnsOut: number }).columnsOut, 163);
    rmSync(output);
  });

  it('says of a corrupt Parquet that it is one', async () => {
    const input = join(folder, 'broken.parquet');
    writeFileSync(input, 'PAR1 this is no table PAR1');
    await refused(['features', '--input', input, '--output', join(folder, 'x.parquet')], /broken\.parquet/);
  });

  it('refuses to follow a log as one JSON object', async () => {
    const ended = await ringwatt(['logs', 'temporal', '--follow', '--json', '--home', home]);
    assert.match(reasonOf(ended), /^--follow has no end, so it cannot be one JSON object\./);
    assert.equal((JSON.parse(ended.stdout) as { error: { kind: string } }).error.kind, 'BadInputError');
    assert.equal(ended.code, 1);
  });

  it('refuses a port in use by its number', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await refused(
      ['up', '--ui-port', String(port)],
      new RegExp(`Port ${port}, wanted for the Temporal UI, is in use`),
    );
    await refused(['archive-server', '--port', String(port)], new RegExp(`Port ${port} .*in use`));
    server.close();
  });

  it('refuses a home that is a file, and one of a newer Ringwatt', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    assert.match(
      reasonOf(await ringwatt(['models', '--home', file])),
      /Cannot write .*file \(EEXIST\)|ENOTDIR/,
    );
    const newer = join(folder, 'newer');
    mkdirSync(newer);
    writeFileSync(join(newer, 'lake.json'), '{"formatVersion": 99}');
    assert.match(
      reasonOf(await ringwatt(['models', '--home', newer])),
      /has lake format 99; this Ringwatt reads up to/,
    );
  });

  it('says that a home cannot be written and what to do', async function () {
    // Nobody, root included, makes folders in /sys.
    if (process.platform !== 'linux') return this.skip();
    const { code, stderr, stdout } = await ringwatt(['up', '--home', '/sys/ringwatt']);
    assert.match(stderr, /error: Cannot write \/sys\/ringwatt \(E[A-Z]+\)\. .*another --home/);
    assert.equal(code, 1);
    assert.equal(stdout, '');
  });
});

describe('--json', () => {
  it('puts one object on stdout, and the reason of a failure in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringwatt-cli-'));
    const fine = await ringwatt(['models', '--json', '--home', folder]);
    assert.deepEqual(JSON.parse(fine.stdout), { models: [] });
    assert.equal(fine.code, 0);
    const bad = await ringwatt(['validate', '--json', '--home', folder]);
    const { error } = JSON.parse(bad.stdout) as { error: { kind: string; message: string; cure: string } };
    assert.equal(error.kind, 'MissingDataError');
    assert.match(error.message, /There is no grid dataset/);
    assert.match(error.cure, /`ingest`/);
    assert.equal(bad.code, 1);
    const flag = await ringwatt(['validate', '--json', '--nope']);
    assert.match(
      (JSON.parse(flag.stdout) as typeof bad & { error: typeof error }).error.message,
      /unknown option '--nope'/,
    );
    rmSync(folder, { recursive: true });
  });

  it('keeps progress and logs on stderr', async () => {
    const { stdout, stderr } = await ringwatt(['demo', 'features', '--json']);
    assert.equal(stdout.trim().split('\n').length, 1);
    assert.equal((JSON.parse(stdout) as { features: { columnsOut: number } }).features.columnsOut, 153);
    assert.equal(stderr, '');
  });
});
