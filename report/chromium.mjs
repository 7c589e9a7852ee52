// SPDX-License-Identifier: Apache-2.0
// A headless Chromium and one page in it, over the DevTools protocol on two pipes: no package and no port.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const patience = 60000; // ms for one answer

export async function openChromium(program = 'chromium') {
  const profile = mkdtempSync(join(tmpdir(), 'actplane-chromium-'));
  // Root has no sandbox; what is opened is the page that was just built.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(
    program,
    [
      '--headless=new',
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
      '--disable-gpu',
      '--no-first-run',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--hide-scrollbars',
      ...sandbox,
      'about:blank',
    ],
    {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']},
  );
  const [, , , to, from] = child.stdio;
  const waiting = new Map();
  const listeners = [];
  let next = 0,
    rest = '',
    broken = null;
  const fail = (error) => {
    broken = error;
    for (const {reject} of waiting.values()) reject(error);
    waiting.clear();
  };
  child.on('error', (error) => fail(new Error(`${program}: ${error.message}`)));
  child.on('exit', (code) => fail(new Error(`${program} has ended with ${code}`)));
  to.on('error', () => {}); // the exit above says it
  from.setEncoding('utf8');
  from.on('data', (text) => {
    rest += text;
    for (let end = rest.indexOf('\0'); end >= 0; end = rest.indexOf('\0')) {
      const message = JSON.parse(rest.slice(0, end));
      rest = rest.slice(end + 1);
      const caller = waiting.get(message.id);
      if (caller) {
        waiting.delete(message.id);
        if (message.error) caller.reject(new Error(`${caller.method}: ${message.error.message}`));
        else caller.resolve(message.result);
      } else for (const listener of listeners) listener(message);
    }
  });
  const call = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      if (broken) return reject(broken);
      const id = ++next;
      const timer = setTimeout(
        () => fail(new Error(`${method}: no answer in ${patience / 1000} s`)),
        patience,
      );
      const end = (settle) => (value) => (clearTimeout(timer), settle(value));
      waiting.set(id, {method, resolve: end(resolve), reject: end(reject)});
      to.write(JSON.stringify({id, method, params, sessionId}) + '\0');
    });

  const {targetId} = await call('Target.createTarget', {url: 'about:blank'});
  const {sessionId} = await call('Target.attachToTarget', {targetId, flatten: true});
  const send = (method, params) => call(method, params, sessionId);
  const complaints = [],
    requests = [];
  let loaded = () => {};
  listeners.push(({method, params}) => {
    if (method === 'Page.loadEventFired') loaded();
    if (method === 'Runtime.exceptionThrown')
      complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type))
      complaints.push(params.args.map((a) => a.value ?? a.description).join(' '));
    if (method === 'Log.entryAdded' && ['error', 'warning'].includes(params.entry.level))
      complaints.push(params.entry.text);
    if (method === 'Network.requestWillBeSent') requests.push(params.request.url);
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  await send('Network.emulateNetworkConditions', {
    offline: true,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: -1,
  });

  const evaluate = async (expression) => {
    const {result, exceptionDetails} = await send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  return {
    send,
    evaluate,
    complaints,
    requests,
    view: (width, dark, height = 900) =>
      Promise.all([
        send('Emulation.setDeviceMetricsOverride', {width, height, deviceScaleFactor: 1, mobile: false}),
        send('Emulation.setEmulatedMedia', {
          features: [{name: 'prefers-color-scheme', value: dark ? 'dark' : 'light'}],
        }),
      ]),
    open: async (url) => {
      const done = new Promise((resolve) => (loaded = resolve));
      await send('Page.navigate', {url});
      await done;
    },
    settle: () =>
      evaluate(
        'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))',
      ),
    picture: async () => {
      const {cssContentSize: s} = await send('Page.getLayoutMetrics');
      return Buffer.from(
        (
          await send('Page.captureScreenshot', {
            format: 'png',
            captureBeyondViewport: true,
            clip: {x: 0, y: 0, width: s.width, height: s.height, scale: 1},
          })
        ).data,
        'base64',
      );
    },
    close: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      await call('Browser.close').catch(() => child.kill('SIGKILL'));
      await gone;
      rmSync(profile, {recursive: true, force: true, maxRetries: 5});
    },
  };
}
