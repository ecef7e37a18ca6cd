/** Who the App is in the emulator, and which repository it is on. */
export const appId = 4711;
export const installationId = 99;
export const repo = 'acme/linux';
