-- What people on a thread asked for by mail. A reply that answers a request carries its key; empty: it answers the series itself.
alter table kabiwatch.delivery add column answers text not null default '';
alter table kabiwatch.delivery drop constraint delivery_series_outlet_key;
alter table kabiwatch.delivery add constraint delivery_series_outlet_answers_key unique (series, outlet, answers);
-- A review that was asked for again is one more, by the Message-ID of who asked.
alter table kabiwatch.review add column asked text not null default '';
alter table kabiwatch.review drop constraint review_series_engine_patches_key;
alter table kabiwatch.review add constraint review_series_engine_patches_asked_key unique (series, engine, patches, asked);
create table kabiwatch.request (
  -- Message-ID of the mail that asks.
  id text primary key,
  thread bigint not null references kabiwatch.thread (id) on delete cascade,
  -- Message-ID of the series that is to be judged again.
  series text not null,
  list text not null,
  asker text not null,
  at timestamptz not null
);
create index request_thread on kabiwatch.request (thread);
