using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Proxy.Revisions;

namespace Proxy.Host.Observability;

/// <summary>
/// Temporary log levels that an operator sets through the admin API. They override the configuration until they expire. Their changes are
/// announced here, and those of the running revision.
/// </summary>
internal sealed class LogOverrides : IConfigureOptions<LoggerFilterOptions>, IOptionsChangeTokenSource<LoggerFilterOptions>, IDisposable
{
    /// <summary>The maximum number of temporary levels at the same time.</summary>
    public const int Most = 64;

    private readonly Lock _gate = new(); // guards _set

    // Held while filters are computed and put in use: of two at the same time, the one that was computed first could be put in use last, and stay.
    private readonly Lock _turn = new();
    private readonly Dictionary<string, Entry> _set = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeProvider _time;
    private readonly IDisposable _watching;
    private ConfigurationReloadToken _changed = new();

    public LogOverrides(TimeProvider time, ProxyStatus status)
    {
        _time = time;
        _watching = ChangeToken.OnChange(status.WatchRunning, Changed);
    }

    /// <summary>The longest duration of a temporary level.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromDays(1);

    public string Name => Options.DefaultName;

    public IChangeToken GetChangeToken() => Volatile.Read(ref _changed);

    public IReadOnlyList<LogOverride> List()
    {
        lock (_gate)
        {
            return [.. _set.Values.Select(static entry => entry.Override)];
        }
    }

    /// <summary>Sets a temporary level for a category and replaces an earlier one; null if the maximum number is reached.</summary>
    public LogOverride? TrySet(string category, LogLevel level, TimeSpan duration)
    {
        var entry = new Entry(this, new(category, level, _time.GetUtcNow() + duration));
        lock (_gate)
        {
            if (_set.Count >= Most && !_set.ContainsKey(category))
            {
                return null;
            }

            _set.GetValueOrDefault(category)?.Dispose();
            _set[category] = entry;
            entry.EndAfter(_time, duration);
        }

        Changed();
        return entry.Override;
    }

    public bool TryRemove(string category)
    {
        lock (_gate)
        {
            if (!_set.Remove(category, out var entry))
            {
                return false;
            }

            entry.Dispose();
        }

        Changed();
        return true;
    }

    public void Configure(LoggerFilterOptions options)
    {
        foreach (var set in List())
        {
            options.Rules.Add(new LoggerFilterRule(providerName: null, LogLevels.Category(set.Category), set.Level, filter: null));
        }
    }

    public void Dispose()
    {
        _watching.Dispose();
        lock (_gate)
        {
            foreach (var entry in _set.Values)
            {
                entry.Dispose();
            }
        }
    }

    private void End(Entry entry)
    {
        lock (_gate)
        {
            if (_set.GetValueOrDefault(entry.Override.Category) != entry)
            {
                return; // a later call has replaced or removed this entry
            }

            _set.Remove(entry.Override.Category);
            entry.Dispose();
        }

        Changed();
    }

    private void Changed()
    {
        lock (_turn)
        {
            Interlocked.Exchange(ref _changed, new()).OnReload();
        }
    }

    private sealed class Entry(LogOverrides owner, LogOverride set) : IDisposable
    {
        private ITimer? _timer;

        public LogOverride Override => set;

        public void EndAfter(TimeProvider time, TimeSpan duration) =>
            _timer = time.CreateTimer(_ => owner.End(this), null, duration, Timeout.InfiniteTimeSpan);

        public void Dispose() => _timer?.Dispose();
    }
}

/// <summary>A temporary log level.</summary>
/// <param name="Category">The category, or a prefix of categories; Default for all other categories.</param>
/// <param name="Level">The lowest level that is logged.</param>
/// <param name="Until">The time at which the level expires.</param>
internal sealed record LogOverride(string Category, LogLevel Level, DateTimeOffset Until);
