/** Who the App is in the emulator. */
export const appId = 4711;
export const installationId = 99;
