using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class TrackingMiddlewareTests : IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionTracker _tracker = new();
    private readonly ProxyMetrics _metrics;
    private readonly AccessLog _log = new(null);
    private readonly LogLines _lines = new();
    private readonly FakeConnection _connection = new();
    private readonly ManualTime _time = new();
    private readonly TaskCompletionSource _ending = new();
    private readonly TrackingMiddleware _tracking;

    public TrackingMiddlewareTests()
    {
        _metrics = new(new ProxyMeter(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()), _tracker);
        _tracking = new(_tracker, _metrics, _log, _time, new Logger<TrackingMiddleware>(_lines));
    }

    [Fact]
    public async Task Serve_HasEnded_TrackedUntilThenAndDisposed()
    {
        var serving = _tracking.ServeAsync(_connection, "edge", "slot", _ => _ending.Task);
        Assert.Equal((1, false), (_tracker.Count, _connection.Disposed));

        _ending.SetResult();
        await serving.WaitAsync(Eventually.Limit);

        Assert.Equal((0, true, false), (_tracker.Count, _connection.Disposed, _connection.Aborted));
        Assert.Equal(ConnectionOutcome.Completed, ConnectionRecord.Of(_connection).Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Serve_HandlerFails_ResetDisposedAndLogged(bool atOnce)
    {
        var serving = _tracking.ServeAsync(_connection, "edge", "slot", _ => atOnce ? throw new InvalidOperationException() : _ending.Task);
        _ending.SetException(new InvalidOperationException());

        await serving.WaitAsync(Eventually.Limit);

        Assert.Equal((0, true, true), (_tracker.Count, _connection.Disposed, _connection.Aborted));
        Assert.Equal(ConnectionOutcome.InternalError, ConnectionRecord.Of(_connection).Outcome);
        Assert.Single(_lines.All);
    }

    [Fact]
    public async Task Serve_AbortOfTheConnectionFails_IsCountedAsEndedAllTheSame()
    {
        var count = new Count();
        _connection.Breaks = new InvalidOperationException("A callback has failed.");

        var serving = _tracking.ServeAsync(
            _connection,
            "edge",
            "slot",
            connection =>
            {
                ConnectionRecord.Of(connection).CountedBy(count);
                throw new InvalidOperationException();
            }
        );

        await Assert.ThrowsAsync<InvalidOperationException>(() => serving.WaitAsync(Eventually.Limit));
        Assert.Equal((0, 1, true), (_tracker.Count, count.Ends, _connection.Aborted));
    }

    [Fact]
    public async Task OnConnection_HasEnded_LeftToTheCaller()
    {
        await _tracking.OnConnectionAsync(_connection, "edge", "", static _ => Task.CompletedTask).WaitAsync(Eventually.Limit);

        Assert.False(_connection.Disposed);
    }

    [Fact]
    public async Task Serve_WhatCountsItAsOpen_IsToldOnceWhenItHasEnded()
    {
        var count = new Count();
        var serving = _tracking.ServeAsync(
            _connection,
            "edge",
            "slot",
            connection =>
            {
                ConnectionRecord.Of(connection).CountedBy(count);
                return _ending.Task;
            }
        );
        Assert.Equal(0, count.Ends);

        _ending.SetResult();
        await serving.WaitAsync(Eventually.Limit);

        Assert.Equal(1, count.Ends);
    }

    [Fact]
    public async Task Serve_TimePassesAfterTheEnd_TheDurationStays()
    {
        var serving = _tracking.ServeAsync(_connection, "edge", "slot", _ => _ending.Task);
        _time.Advance(TimeSpan.FromSeconds(2));
        _ending.SetResult();
        await serving.WaitAsync(Eventually.Limit);

        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(TimeSpan.FromSeconds(2), ConnectionRecord.Of(_connection).Elapsed);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _metrics.Dispose();
        _log.Dispose();
        _services.Dispose();
        _lines.Dispose();
        await _connection.DisposeAsync();
    }

    private sealed class Count : IOpenCount
    {
        public int Ends { get; private set; }

        public void Left() => Ends++;
    }
}
