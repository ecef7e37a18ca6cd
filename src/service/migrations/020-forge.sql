-- Pull requests. A webhook is remembered by its delivery id and only marks its pull due; the work is to bring the forge in line.

create table kabiwatch.forge_delivery (
  id text primary key,
  event text not null,
  at timestamptz not null default now()
);
create index forge_delivery_at on kabiwatch.forge_delivery (at);

create table kabiwatch.pull (
  id bigserial primary key,
  repo text not null,
  number int not null,
  installation bigint not null,
  thread bigint not null references kabiwatch.thread (id),
  due_at timestamptz,
  marks bigint not null default 0,
  again boolean not null default false,
  fix boolean not null default false,
  holder text,
  held_until timestamptz,
  failures int not null default 0,
  why text,
  unique (repo, number)
);
create index pull_due on kabiwatch.pull (due_at) where due_at is not null;

-- Which head a stored review judged; the review itself lies with all others.
create table kabiwatch.pull_head (
  review bigint primary key references kabiwatch.review (id) on delete cascade,
  pull bigint not null references kabiwatch.pull (id),
  head text not null
);
create index pull_head_pull on kabiwatch.pull_head (pull, review);

create table kabiwatch.pull_command (
  comment bigint primary key,
  pull bigint not null references kabiwatch.pull (id),
  who text not null,
  text text not null,
  -- Digest of the findings that were accepted, where the command was `accept`.
  accepts text,
  at timestamptz not null default now()
);
