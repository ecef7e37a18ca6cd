-- What a part says must be applied before its series: `message ID`, `change ID`, `patch ID` (patch-id).
alter table kabiwatch.message add column needs text[] not null default '{}';
create index message_needs on kabiwatch.message using gin (needs) where needs <> '{}';
