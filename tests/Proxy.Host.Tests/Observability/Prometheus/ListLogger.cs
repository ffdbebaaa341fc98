using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Proxy.Host.Observability.Prometheus;

namespace Proxy.Host.Tests.Observability.Prometheus;

/// <summary>Keeps what is logged.</summary>
internal sealed class ListLogger : ILogger<PrometheusExporter>
{
    private readonly ConcurrentQueue<string> _lines = [];

    public IReadOnlyCollection<string> Lines => _lines;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _lines.Enqueue(formatter(state, exception));
}
