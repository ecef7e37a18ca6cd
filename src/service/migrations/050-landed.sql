-- Branches on which reviewed series may land. A push only marks its branch due; what is new is found by looking.

create table kabiwatch.branch (
  id bigserial primary key,
  repo text not null,
  name text not null,
  clone_url text not null,
  installation bigint not null,
  -- What was looked at last; null until then.
  seen text,
  -- Where each push since began.
  pushed_from text[] not null default '{}',
  due_at timestamptz,
  marks bigint not null default 0,
  holder text,
  held_until timestamptz,
  failures int not null default 0,
  why text,
  touched_at timestamptz not null default now(),
  unique (repo, name)
);
create index branch_due on kabiwatch.branch (due_at) where due_at is not null;

-- A series is said to have landed once a branch. The commit that it is said on stands here before it is said, so that a second round looks there.
create table kabiwatch.landed (
  branch bigint not null references kabiwatch.branch (id) on delete cascade,
  series bigint not null references kabiwatch.series (id) on delete cascade,
  commit text not null,
  commits text[] not null,
  said boolean not null default false,
  primary key (branch, series)
);
create index landed_series on kabiwatch.landed (series);
