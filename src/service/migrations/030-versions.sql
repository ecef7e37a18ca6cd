-- What ties the postings of a series together where References do not: who sent it, under which title, when, b4's change-id.
alter table kabiwatch.message add column title text not null default '';
alter table kabiwatch.message add column change_id text;
alter table kabiwatch.message add column sent_at timestamptz;
-- A patch or a cover letter of its own, not an answer.
alter table kabiwatch.message add column part boolean not null default false;
create index message_title on kabiwatch.message (sender, title) where part;
create index message_posting on kabiwatch.message (sender, sent_at) where part;
create index message_change on kabiwatch.message (change_id) where part and change_id is not null;
-- Raised by each part of a series that comes: a review that began before it is stale.
alter table kabiwatch.thread add column marks bigint not null default 0;
-- Message-ID of the series that replaces this one.
alter table kabiwatch.series add column superseded_by text;
