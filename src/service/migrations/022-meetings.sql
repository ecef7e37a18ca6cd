-- Where a change stands besides: the same patch on a list and in a pull request, by patch-id; a pull request that names a mail, by Message-ID.
create table kabiwatch.series_patch (
  series bigint not null references kabiwatch.series (id) on delete cascade,
  patch_id text not null,
  primary key (patch_id, series)
);
create index series_patch_series on kabiwatch.series_patch (series);
create table kabiwatch.series_link (
  series bigint not null references kabiwatch.series (id) on delete cascade,
  message_id text not null,
  primary key (message_id, series)
);
create index series_link_series on kabiwatch.series_link (series);
