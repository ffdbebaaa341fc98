using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Proxy.Host.Observability;

/// <summary>Levels that an operator sets for a while, above what is configured. Each ends by itself.</summary>
internal sealed class LogOverrides(TimeProvider time)
    : IConfigureOptions<LoggerFilterOptions>,
        IOptionsChangeTokenSource<LoggerFilterOptions>,
        IDisposable
{
    /// <summary>How many there may be at once.</summary>
    public const int Most = 64;

    private readonly Lock _gate = new(); // guards _set
    private readonly Dictionary<string, Entry> _set = new(StringComparer.OrdinalIgnoreCase);
    private ConfigurationReloadToken _changed = new();

    /// <summary>How long one may last.</summary>
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

    /// <summary>Sets a level, in place of one that is set already; null when there are too many.</summary>
    public LogOverride? TrySet(string category, LogLevel level, TimeSpan duration)
    {
        var entry = new Entry(this, new(category, level, time.GetUtcNow() + duration));
        lock (_gate)
        {
            if (_set.Count >= Most && !_set.ContainsKey(category))
            {
                return null;
            }

            _set.GetValueOrDefault(category)?.Dispose();
            _set[category] = entry;
            entry.EndAfter(time, duration);
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
                return; // another one is set meanwhile
            }

            _set.Remove(entry.Override.Category);
            entry.Dispose();
        }

        Changed();
    }

    private void Changed() => Interlocked.Exchange(ref _changed, new()).OnReload();

    private sealed class Entry(LogOverrides owner, LogOverride set) : IDisposable
    {
        private ITimer? _timer;

        public LogOverride Override => set;

        public void EndAfter(TimeProvider time, TimeSpan duration) =>
            _timer = time.CreateTimer(_ => owner.End(this), null, duration, Timeout.InfiniteTimeSpan);

        public void Dispose() => _timer?.Dispose();
    }
}

/// <summary>A level that is set for a while.</summary>
/// <param name="Category">The category, or the start of one; Default for all others.</param>
/// <param name="Level">The least level that is logged.</param>
/// <param name="Until">When it ends.</param>
internal sealed record LogOverride(string Category, LogLevel Level, DateTimeOffset Until);
