-- What the service remembers. Message-IDs are stored without angle brackets; times are UTC.

-- Where reading stands; moved in the transaction that stores the mail.
create table kabiwatch.cursor (
  host text not null,
  mailbox text not null,
  uid_validity bigint not null,
  last_uid bigint not null,
  since timestamptz,
  moved_at timestamptz not null default now(),
  primary key (host, mailbox)
);

-- A thread is due when its series is complete or quiet; due_at is the truth, the queue only spreads the work.
create table kabiwatch.thread (
  id bigserial primary key,
  due_at timestamptz,
  queued_at timestamptz,
  failures int not null default 0,
  muted boolean not null default false
);
create index thread_due on kabiwatch.thread (due_at) where due_at is not null;

-- Every Message-ID that was seen or referred to, and its thread: a late cover letter finds its patches here.
create table kabiwatch.thread_member (
  message_id text primary key,
  thread bigint not null references kabiwatch.thread (id)
);
create index thread_member_thread on kabiwatch.thread_member (thread);

create table kabiwatch.message (
  id bigserial primary key,
  message_id text not null unique,
  thread bigint not null references kabiwatch.thread (id),
  list text not null,
  received_at timestamptz not null,
  stored_at timestamptz not null default now(),
  sender text not null,
  subject text not null,
  -- Place in its series, from the subject and the body.
  version int not null,
  n int not null,
  total int not null,
  patch boolean not null,
  -- Why this mail must never be answered (auto-submitted, bounce, ours, ...); null for a person's.
  automatic text,
  raw bytea
);
create index message_thread on kabiwatch.message (thread);
create index message_stored on kabiwatch.message (stored_at);

-- A mail that came over several lists is one message; each list that carried it is remembered.
create table kabiwatch.message_list (
  message bigint not null references kabiwatch.message (id) on delete cascade,
  list text not null,
  primary key (message, list)
);

-- Mail that could not be read, with its input, for a person; the cursor has moved on.
create table kabiwatch.quarantine (
  id bigserial primary key,
  host text not null,
  mailbox text not null,
  uid_validity bigint not null,
  uid bigint not null,
  size bigint not null,
  why text not null,
  raw bytea,
  at timestamptz not null default now(),
  unique (host, mailbox, uid_validity, uid)
);

create table kabiwatch.series (
  id bigserial primary key,
  -- Message-ID of the cover letter, or of the first patch.
  message_id text not null unique,
  thread bigint not null references kabiwatch.thread (id),
  list text not null,
  subject text not null,
  version int not null,
  first_seen timestamptz not null default now()
);
create index series_thread on kabiwatch.series (thread);

create table kabiwatch.review (
  id bigserial primary key,
  series bigint not null references kabiwatch.series (id),
  engine text not null,
  -- SHA-256 over the Message-IDs of the patches that were there: a late patch makes a new review.
  patches text not null,
  verdict text not null,
  evidence text not null,
  body jsonb not null,
  reply text not null,
  ms int not null,
  -- Why nothing was said, or null when a delivery was planned.
  silent text,
  at timestamptz not null default now(),
  unique (series, engine, patches)
);
create index review_at on kabiwatch.review (at);

-- A job that killed its worker twice, with its input, for a person.
create table kabiwatch.parked (
  id bigserial primary key,
  thread bigint not null references kabiwatch.thread (id),
  why text not null,
  at timestamptz not null default now()
);

create table kabiwatch.delivery (
  id bigserial primary key,
  series bigint not null references kabiwatch.series (id),
  review bigint not null references kabiwatch.review (id),
  outlet text not null,
  list text not null,
  message_id text not null,
  state text not null check (state in ('planned', 'held', 'sending', 'sent', 'unsure', 'failed', 'withdrawn')),
  mail jsonb not null,
  attempts int not null default 0,
  next_at timestamptz not null default now(),
  detail text,
  planned_at timestamptz not null default now(),
  sending_at timestamptz,
  sent_at timestamptz,
  -- Never a thread twice for the same version: one answer a series and outlet, whatever the queue does.
  unique (series, outlet),
  unique (outlet, message_id)
);
create index delivery_open on kabiwatch.delivery (next_at) where state in ('planned', 'sending', 'unsure');
create index delivery_sent on kabiwatch.delivery (list, sent_at);

-- Who does what now: one watcher a mailbox, wherever it runs.
create table kabiwatch.lease (
  name text primary key,
  holder text not null,
  until timestamptz not null
);

-- Authors and lists that asked not to be answered.
create table kabiwatch.opt_out (
  kind text not null check (kind in ('author', 'list')),
  value text not null,
  at timestamptz not null default now(),
  primary key (kind, value)
);
