/** The service on small servers and in a folder of its own: what a test of the whole of it starts from. */
import { scratchFolder } from './run.js';
import { type Servers, type ServiceProcess, startProcess } from './service.js';
import { type SmallImap, startSmallImap } from './small-imap.js';
import { type SmallSmtp, startSmtp, type TakenMail } from './smtp.js';

export interface SmallService {
  readonly folder: string;
  readonly imap: SmallImap;
  readonly smtp: SmallSmtp;
  readonly service: ServiceProcess;
  /** The service first: its servers are there to the end. */
  stop(): Promise<void>;
}

/** `configure` is given the folder and the servers; `onSent` sees what the service sends, and may bring it back over IMAP. */
export async function startSmallService(
  configure: (folder: string, servers: Servers) => string,
  onSent: (mail: TakenMail, imap: SmallImap) => void = () => {},
): Promise<SmallService> {
  const folder = scratchFolder('service');
  const imap = await startSmallImap('bot', 'secret');
  const smtp = await startSmtp((mail) => onSent(mail, imap));
  const servers = { imapPort: imap.port, user: 'bot', mailbox: 'INBOX', smtpPort: smtp.port };
  const service = startProcess(`${folder.path}/kabiwatch.yaml`, configure(folder.path, servers));
  const stop = async () => {
    await service.stop();
    await imap.stop();
    await smtp.stop();
    folder.remove();
  };
  return { folder: folder.path, imap, smtp, service, stop };
}
