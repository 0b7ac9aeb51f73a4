import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { EnergyFeatureEngineer } from '../../src/features/engineer.ts';
import { readWeatherFolder } from '../../src/features/weather-folder.ts';
import { readWeatherForecasts, withWeather } from '../../src/features/weather.ts';
import { sixColumns, values } from './frames.ts';

describe('weather forecasts', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'ringwatt-weather-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = (name: string, header: string, ...rows: string[]) =>
    writeFile(
      join(folder, name),
      gzipSync(
        `datetime,param,level,latitude,longitude,${header}\n${rows.map((row) => `${row}\n`).join('')}`,
      ),
    );
  const row = (run: string, ...leads: number[]) => `${run} 00:00:00,X,surface,1,2,${leads.join(',')}`;

  it('are the newest run that was out six hours after its time, on the line between its leads', async () => {
    await write(
      'ERCO_AVG_TEMP.csv.gz',
      'Analysis,3 hr fcst,6 hr fcst,9 hr fcst,30 hr fcst',
      row('2019-01-01', 0, 3, 6, 9, 30),
      row('2019-01-02', 100, 103, 106, 109, 130),
      row('2019-01-02', 900, 900, 900, 900, 900),
    );
    const runs = await readWeatherForecasts(folder, 'ERCO');
    // Rows end 01:00 …; the second day's run is out at 06:00, so known at the row that ends 05:00.
    const frame = withWeather(sixColumns({ region: 'ERCO', start: '2019-01-01T01', hours: 32 }), runs);
    const rounded = (name: string) =>
      values(frame, name).map((value) => (value === null ? null : Number(Number(value).toFixed(6))));
    const now = rounded('weather_temperature_k');
    assert.deepEqual(now.slice(0, 8), [null, null, null, null, 5, 6, 7, 8]);
    assert.deepEqual(now.slice(26, 31), [27, 28, 105, 106, 107]);
    const ahead = rounded('weather_temperature_k_24h_ahead');
    assert.deepEqual(ahead.slice(4, 8), [29, 30, null, null], 'no lead beyond the last');
  });

  it('undo the overlap of the periods', async () => {
    await write('ERCO_AVG_PCP.csv.gz', '0-3 hr acc,0-6 hr acc,6-9 hr acc', row('2019-01-01', 3, 9, 1.5));
    await write('ERCO_AVG_DSWRF.csv.gz', '0-3 hr avg,0-6 hr avg,6-9 hr avg', row('2019-01-01', 10, 30, 70));
    const frame = withWeather(
      sixColumns({ region: 'ERCO', start: '2019-01-01T01', hours: 9 }),
      await readWeatherForecasts(folder, 'ERCO'),
    );
    assert.deepEqual(values(frame, 'weather_precipitation_mm_h').slice(4), [2, 2, 0.5, 0.5, 0.5]);
    assert.deepEqual(values(frame, 'weather_solar_radiation_w_m2').slice(4), [50, 50, 70, 70, 70]);
  });

  it('become columns of the feature table, null for other regions', async () => {
    const shipped = fileURLToPath(new URL('../../data/weather', import.meta.url));
    const runs = await readWeatherForecasts(shipped, 'CISO');
    const made = (region: string) =>
      new EnergyFeatureEngineer().createAllFeatures(
        withWeather(sixColumns({ region, start: '2019-07-01T01', hours: 30 }), runs),
      );
    const ciso = made('CISO');
    assert.equal(ciso.width, 163);
    const temperatures = values(ciso, 'weather_temperature_k_24h_ahead') as number[];
    assert.ok(temperatures.every((kelvin) => kelvin > 270 && kelvin < 320));
    assert.ok(values(made('ERCO'), 'weather_temperature_k').every((value) => value === null));
  });

  it('of several regions stand each at its own rows', async () => {
    const shipped = fileURLToPath(new URL('../../data/weather', import.meta.url));
    const [both, ciso, erco] = [
      await readWeatherFolder(shipped, ['CISO', 'ERCO', 'MISO']),
      await readWeatherForecasts(shipped, 'CISO'),
      await readWeatherForecasts(shipped, 'ERCO'),
    ];
    const rows = (region: string) => sixColumns({ region, start: '2019-07-01T01', hours: 30 });
    const name = 'weather_temperature_k';
    const together = values(withWeather(rows('CISO').vstack(rows('ERCO')).vstack(rows('MISO')), both), name);
    assert.deepEqual(together.slice(0, 30), values(withWeather(rows('CISO'), ciso), name));
    assert.deepEqual(together.slice(30, 60), values(withWeather(rows('ERCO'), erco), name));
    assert.notEqual(together[0], together[30]);
    assert.ok(together.slice(60).every((value) => value === null));
  });

  it('are missing by name where there are none', async () => {
    await assert.rejects(readWeatherForecasts(folder, 'MISO'), /no weather forecasts of MISO/);
    await writeFile(join(folder, 'MISO_AVG_DPT.csv'), 'datetime,param\n2019-01-01 00:00:00,DPT\n');
    await assert.rejects(readWeatherForecasts(folder, 'MISO'), /MISO_AVG_DPT\.csv has no column of a lead/);
  });
});
