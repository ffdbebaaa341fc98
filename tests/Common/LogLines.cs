using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Proxy.Testing;

/// <summary>A log that keeps what is written to it, in that order.</summary>
/// <param name="category">The only category that is kept; null for all.</param>
internal sealed class LogLines(string? category = null) : ILoggerFactory, ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    /// <summary>What was written, without its level.</summary>
    public IReadOnlyList<string> Lines => [.. _lines.Select(static line => line.Text)];

    /// <summary>The same with its level: "Warning: …".</summary>
    public IReadOnlyList<string> All => [.. _lines.Select(static line => $"{line.Level}: {line.Text}")];

    public ILogger CreateLogger(string categoryName) => category is null || category == categoryName ? this : NullLogger.Instance;

    public void AddProvider(ILoggerProvider provider) { }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _lines.Enqueue((logLevel, formatter(state, exception)));

    public void Dispose() { }
}
