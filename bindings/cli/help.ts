export const HELP = `oriel [options] [file …]        aggregates events in windows; reads files or stdin

  oriel --time at --key user --window 1m/10s --agg 'visits = count(), p99 = quantile(ms, 0.99)' events.ndjson

Input
  --from FORMAT            ndjson, csv or parquet; default: by the file's extension (.csv, .tsv, .parquet), else ndjson
  --columns A,B,…          names of the columns, for CSV without a header line
  --delimiter C            the delimiter of CSV; default: a comma, in .tsv a tab
  -t, --time COLUMN        when an event happened: a number or an ISO date; default: when it is read
  --unit UNIT              the unit of times that are numbers: ms (default), s, us, ns, or none: times are not dates
  -f, --follow             read on as the file grows, like tail -F; an interrupt (Ctrl-C) ends it
  --strict                 stop at the first bad line instead of skipping it

Query
  -w, --window WINDOW      1m · 1m/10s (size/every) · session(5m) · rolling(rows(100)) · cumulative(1d, 1h)
                           everything() · tumbling(calendar(1, month, 'Europe/Berlin')) · fast = 10s, slow = 1h/1m
  -a, --agg AGGREGATES     name = aggregate, …; default: count(); may be repeated
                           sum(price * qty) · count().where(status >= 500) · quantile(ms, 0.99, accuracy = 0.001)
  -k, --key COLUMN,…       group by these columns
  --where CONDITION        use only events for which this is true: status >= 500 && path != "/health"
  --out-of-order LENGTH    how far an event may be behind the newest; default 0
  --allowed-lateness LENGTH  how long a window accepts late events after its end; default 0
  --max-future-skew LENGTH skip events further ahead of the newest
  --idle LENGTH            after this long without events the clock moves time on
  --emit WHEN              final (default) · updates: again for late events · 10s: also every 10 s before the end
  --discard                each result of a window covers only what is new
  --fill HOW               results for windows without events: missing, zero, previous or linear
  --memory SIZE            memory limit of the windows, such as 256mb

Output
  --to FORMAT              table (default on a terminal), ndjson (default elsewhere), csv or arrow (needs apache-arrow)
  --iso                    write times as ISO dates, as tables do
  --late FILE              write late events to a file, as NDJSON
  -q, --quiet              print errors only
  --explain                print what would be done, and do nothing

  -h, --help; --version

Exit codes: 0 done, 1 bad input, 2 wrong usage, 130 interrupted.
`;
