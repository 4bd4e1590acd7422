export const HELP = `oriel [options] [file …]        windows over lines of events: files, or stdin

  oriel --time at --key user --window 1m/10s --agg 'visits = count(), p99 = quantile(ms, 0.99)' events.ndjson

What comes in
  --from FORMAT            ndjson, csv or parquet; default: what the file's name says (.csv, .tsv, .parquet), else ndjson
  --columns A,B,…          names of the columns of CSV without a first line of names
  --delimiter C            what stands between values of CSV; default: a comma, in .tsv a tab
  -t, --time COLUMN        when an event happened: a number or an ISO date; without it, when it comes
  --unit UNIT              what numbers as times are: ms (default), s, us, ns, or none: no dates at all
  -f, --follow             reads on as the file grows, like tail -F; ends with an interrupt (Ctrl-C)
  --strict                 ends at the first bad line, instead of leaving it out

What is asked
  -w, --window WINDOW      1m · 1m/10s (size/every) · session(5m) · rolling(rows(100)) · cumulative(1d, 1h) · everything()
                           tumbling(calendar(1, month, 'Europe/Berlin')) · fast = 10s, slow = 1h/1m
  -a, --agg FIGURES        name = aggregate, …; default: count(); may be given again
                           sum(price * qty) · count().where(status >= 500) · quantile(ms, 0.99, accuracy = 0.001)
  -k, --key COLUMN,…       a window for each of its values
  --where CONDITION        which events count: status >= 500 && path != "/health"
  --out-of-order LENGTH    how far behind the newest an event may be; default 0
  --allowed-lateness LENGTH  how long a window still takes late events after its end; default 0
  --max-future-skew LENGTH leaves out events further ahead of the newest
  --idle LENGTH            after so long without events time goes on with the clock
  --emit WHEN              final (default) · updates: again for late events · 10s: also every ten seconds before the end
  --discard                each result of a window only of what is new
  --fill HOW               results for windows without events: missing, zero, previous or linear
  --memory SIZE            what the windows may take, such as 256mb

What comes out
  --to FORMAT              table (default on a terminal), ndjson (default elsewhere), csv or arrow (needs apache-arrow)
  --iso                    times as ISO dates, as tables have them
  --late FILE              writes events to it that came too late, as NDJSON
  -q, --quiet              says nothing on stderr but what it fails of
  --explain                says what it would do, and ends

  -h, --help; --version

Ends with 0; 1 where a file or what is in it is to blame; 2 where the command is; 130 when interrupted before the end.
`;
