/** A thread of our own making: an invented driver header, an invented series of two patches that grows a struct in the middle, once behind a guard. */

export interface Part {
  readonly id: string;
  readonly subject: string;
  readonly answers: string | null;
  readonly text: string;
}

export function mailOf(part: Part, from = 'Ada Author <ada@example.org>'): Buffer {
  const headers = [
    `From: ${from}`,
    'To: kernel-list@example.org',
    `Subject: ${part.subject}`,
    'Date: Thu, 02 Jan 2025 12:00:00 +0000',
    `Message-ID: <${part.id}>`,
    ...(part.answers === null ? [] : [`In-Reply-To: <${part.answers}>`, `References: <${part.answers}>`]),
    'List-Id: <kernel-list.example.org>',
    'Precedence: bulk',
  ];
  return Buffer.from([...headers, '', ...part.text.split('\n')].join('\r\n'));
}

/** `name` makes ids and struct names differ from series to series. */
export function series(name: string): Part[] {
  const cover = `${name}.0@author.example.org`;
  return [
    {
      id: cover,
      subject: `[PATCH 0/2] lantern ${name}: count what burns`,
      answers: null,
      text: 'The lantern core cannot say how many wicks burn. Count them.\n',
    },
    {
      id: `${name}.1@author.example.org`,
      subject: `[PATCH 1/2] lantern ${name}: keep a count of wicks`,
      answers: cover,
      text: `The count is needed by the next patch.

Signed-off-by: Ada Author <ada@example.org>
---
 include/linux/lantern.h | 1 +
 1 file changed, 1 insertion(+)

diff --git a/include/linux/lantern.h b/include/linux/lantern.h
index 1111111..2222222 100644
--- a/include/linux/lantern.h
+++ b/include/linux/lantern.h
@@ -10,6 +10,7 @@ struct lantern_${name} {
 struct lantern_${name} {
 	struct device *dev;
 	unsigned long flags;
+	unsigned long wicks;
 	void (*lit)(struct lantern_${name} *lantern);
 	spinlock_t lock;
 };
-- 
2.39.5
`,
    },
    {
      id: `${name}.2@author.example.org`,
      subject: `[PATCH 2/2] lantern ${name}: remember the last match`,
      answers: cover,
      text: `Hidden from the symbol versions, since the struct only grows.

Signed-off-by: Ada Author <ada@example.org>
---
 include/linux/lantern.h | 3 +++
 1 file changed, 3 insertions(+)

diff --git a/include/linux/lantern.h b/include/linux/lantern.h
index 2222222..3333333 100644
--- a/include/linux/lantern.h
+++ b/include/linux/lantern.h
@@ -30,4 +31,7 @@ struct match_${name} {
 struct match_${name} {
 	unsigned int id;
+#ifndef __GENKSYMS__
+	unsigned int last;
+#endif
 	void *box;
 };
-- 
2.39.5
`,
    },
  ];
}
