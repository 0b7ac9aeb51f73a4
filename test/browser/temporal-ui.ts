import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A Chromium that is installed here; none comes with the project. */
export function findBrowser(): string | undefined {
  return [process.env['CHROMIUM'], ...PLACES].find((path) => path !== undefined && existsSync(path));
}

export const launch = (executablePath: string): Promise<Browser> =>
  // The sandbox refuses to work for root.
  chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });

/** What a person does on the page of a workflow in the Temporal UI. */
export class WorkflowPage {
  private readonly page: Page;
  private readonly url: string;
  private readonly folder: string | undefined;
  private shots = 0;

  constructor(
    page: Page,
    place: { uiUrl: string; namespace: string; workflowId: string; screenshots?: string },
  ) {
    this.page = page;
    this.url = `${place.uiUrl}/namespaces/${place.namespace}/workflows/${encodeURIComponent(place.workflowId)}`;
    this.folder = place.screenshots;
  }

  async open(): Promise<void> {
    await this.page.goto(this.url);
    await this.page.getByRole('button', { name: 'More Actions' }).waitFor();
  }

  /** Chooses the signal in the dialog, types its input where it has one, and sends it. */
  async signal(name: string, input?: string): Promise<void> {
    await this.page.getByRole('button', { name: 'More Actions' }).click();
    await this.page.getByRole('menuitem', { name: 'Send a Signal' }).click();
    const dialog = this.page.getByRole('dialog').filter({ hasText: 'Send a Signal' });
    await dialog.getByTestId('signal-select-button').click();
    await dialog.getByRole('option', { name: new RegExp(`^${name}\\b`) }).click();
    if (input !== undefined) {
      const editor = dialog.locator('[contenteditable=true]');
      await editor.click();
      await this.page.keyboard.insertText(input);
      // Once it is left it is set out on several lines, and the button below moves away from under the pointer.
      await editor.blur();
    }
    await this.shot(`signal-${name}`);
    await dialog.getByTestId('confirm-modal-button').click();
    await dialog.waitFor({ state: 'hidden' });
  }

  /** Waits until the workflow says this of itself on its page. */
  async details(wanted: RegExp): Promise<void> {
    await this.page.getByTestId('user-metadata-tab').click();
    await this.page.frameLocator('iframe').getByText(wanted).first().waitFor();
    await this.shot('details');
  }

  private async shot(name: string): Promise<void> {
    if (this.folder === undefined) return;
    await this.page.screenshot({ path: `${this.folder}/${++this.shots}-${name}.png` });
  }
}
