using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Proxy.Timing;

namespace Proxy.Clusters.Services;

/// <summary>
/// The servers of the services in use. Each is asked for again when its answer has expired, and keeps the last good one while there is none. Thread-safe.
/// </summary>
/// <param name="ask">Asks DNS; fails with an <see cref="IOException"/>.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives a line when a service cannot be asked for, and when it can again.</param>
internal sealed partial class ServiceDirectory(
    Func<string, CancellationToken, Task<SrvAnswer>> ask,
    TimeProvider time,
    ILogger<ServiceDirectory> logger
) : IDisposable
{
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _keep = TimeSpan.FromMinutes(10);
    private readonly Lock _gate = new(); // guards _services and _kept
    private readonly Dictionary<string, Service> _services = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Kept> _kept = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Raised when the servers of a service have changed; a handler has to return at once, and must not throw.</summary>
    public event EventHandler? Changed;

    /// <summary>
    /// Says which services are in use from now on, and how often they are asked for at least. What is known of the others is kept for ten minutes, for an
    /// edit that is refused or taken back.
    /// </summary>
    public void Use(IReadOnlyDictionary<string, TimeSpan> services)
    {
        lock (_gate)
        {
            foreach (var (name, _) in _kept.Where(pair => time.GetElapsedTime(pair.Value.Since) >= _keep).ToList())
            {
                _kept.Remove(name);
            }

            foreach (var (name, service) in _services.Where(pair => !services.ContainsKey(pair.Key)).ToList())
            {
                service.Stop();
                _services.Remove(name);
                if (service.Records is { } records)
                {
                    _kept[name] = new(records, time.GetTimestamp());
                }
            }

            foreach (var (name, refresh) in services)
            {
                if (_services.TryGetValue(name, out var known))
                {
                    known.Refresh = refresh;
                }
                else
                {
                    _kept.Remove(name, out var kept);
                    _services.Add(name, new Service(name, this, kept?.Records) { Refresh = refresh });
                    _services[name].Start();
                }
            }
        }
    }

    /// <summary>The servers of a service; null while nothing is known.</summary>
    public IReadOnlyList<SrvRecord>? Find(string name)
    {
        lock (_gate)
        {
            return _services.GetValueOrDefault(name)?.Records;
        }
    }

    /// <summary>Completes once DNS has been asked for each service in use, and has answered or failed to.</summary>
    public Task WhenAskedAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll(_services.Values.Select(static service => service.Asked));
        }
    }

    /// <inheritdoc />
    public void Dispose() => Use(new Dictionary<string, TimeSpan>());

    [SuppressMessage("Design", "CA1001", Justification = "A source without timer holds nothing.")]
    private sealed class Service(string name, ServiceDirectory owner, IReadOnlyList<SrvRecord>? known)
    {
        private readonly CancellationTokenSource _stopped = new(); // without timer: it holds nothing
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile IReadOnlyList<SrvRecord>? _records = known;
        private bool _hasFailed;
        private int _unusable;

        public TimeSpan Refresh { get; set; }

        public IReadOnlyList<SrvRecord>? Records => _records;

        /// <summary>Completes when something is known, or DNS has failed to answer.</summary>
        public Task Asked => _records is null ? _asked.Task : Task.CompletedTask;

        public void Start() => _ = RunAsync(_stopped.Token);

        public void Stop() => _stopped.Cancel();

        private async Task RunAsync(CancellationToken stopped)
        {
            await Task.Yield();
            var backoff = new Backoff(owner.Time, _shortest, _longestPause);
            while (!stopped.IsCancellationRequested)
            {
                var pause = await AskAsync(backoff, stopped);
                _asked.TrySetResult();
                await Task.Delay(pause, owner.Time, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        // Returns how long the answer is good, or when to try again.
        private async Task<TimeSpan> AskAsync(Backoff backoff, CancellationToken stopped)
        {
            try
            {
                var answer = await owner.Ask(name, stopped);
                backoff.Reset();
                Learn([.. Usable(answer.Records).Order(Comparer<SrvRecord>.Create(Compare))]);
                return Longest(_shortest, answer.TimeToLive < Refresh ? answer.TimeToLive : Refresh);
            }
            catch (OperationCanceledException) when (stopped.IsCancellationRequested)
            {
                return TimeSpan.Zero;
            }
            catch (Exception exception)
            {
                if (!_hasFailed)
                {
                    _hasFailed = true;
                    Log.NoAnswer(owner.Logger, name, exception.Message, _records?.Count ?? 0);
                }

                return backoff.Fail();
            }
        }

        // Names go into addresses and lines of the log, and anybody may have written them. A server's name is that of a host (RFC 2782), so none has
        // other characters.
        private List<SrvRecord> Usable(IReadOnlyList<SrvRecord> records)
        {
            var usable = records.Where(static record => record.Target.All(IsUsable)).ToList();
            if (records.Count - usable.Count is var unusable && unusable != _unusable)
            {
                _unusable = unusable;
                if (unusable > 0)
                {
                    Log.Unusable(owner.Logger, name, unusable);
                }
            }

            return usable;
        }

        private static bool IsUsable(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.';

        private void Learn(List<SrvRecord> records)
        {
            if (_hasFailed)
            {
                _hasFailed = false;
                Log.Answers(owner.Logger, name);
            }

            if (_records is null || !_records.SequenceEqual(records))
            {
                _records = records;
                Log.Servers(owner.Logger, name, string.Join(", ", records.Select(static record => $"{record.Target}:{record.Port}")));
                owner.Changed?.Invoke(owner, EventArgs.Empty);
            }
        }

        // DNS gives them in any order, which is no change.
        private static int Compare(SrvRecord one, SrvRecord other) =>
            (one.Priority, one.Target, one.Port, one.Weight).CompareTo((other.Priority, other.Target, other.Port, other.Weight));

        private static TimeSpan Longest(TimeSpan one, TimeSpan other) => one > other ? one : other;
    }

    private sealed record Kept(IReadOnlyList<SrvRecord> Records, long Since);

    private TimeProvider Time => time;

    private ILogger Logger => logger;

    private Task<SrvAnswer> Ask(string name, CancellationToken cancellationToken) => ask(name, cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Service {Service}: {Reason} Its {Count} known servers stay, and DNS is asked again until it answers."
        )]
        public static partial void NoAnswer(ILogger logger, string service, string reason, int count);

        [LoggerMessage(
            LogLevel.Warning,
            "Service {Service}: {Count} of the servers that DNS names are not used, since their names are no host names: letters, digits, '-', '_' and '.'."
        )]
        public static partial void Unusable(ILogger logger, string service, int count);

        [LoggerMessage(LogLevel.Information, "Service {Service}: DNS answers again.")]
        public static partial void Answers(ILogger logger, string service);

        [LoggerMessage(LogLevel.Information, "Service {Service}: its servers are {Servers}.")]
        public static partial void Servers(ILogger logger, string service, string servers);
    }
}
