using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Handover;

namespace Proxy.Core.Tests.Handover;

public sealed class HandedConnectionTests : IAsyncLifetime
{
    private static readonly HandoverOptions _options = new(
        new RelayOptions(),
        TimeSpan.FromSeconds(30),
        new(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), 3)
    );

    private readonly LogLines _log = new();
    private readonly ServiceProvider _services;
    private readonly Pipe _sent = new();
    private readonly Pipe _got = new();
    private readonly FakeConnection _client = new();
    private readonly ConnectionRecord _record;

    public HandedConnectionTests()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(_log));
        services.AddTcpProxy();
        _services = services.BuildServiceProvider();
        _record = new(_client, "edge", "", TimeProvider.System);
        _record.Attach();
    }

    [Fact]
    public async Task DisposeAsync_WritingFails_EndsAndIsLogged()
    {
        var connection = Hand(new Broken());
        connection.Start();
        ((IDuplexPipe)connection).Output.GetMemory();
        ((IDuplexPipe)connection).Output.Advance(1);

        await connection.DisposeAsync().AsTask().WaitAsync(Eventually.Limit);

        Assert.True(connection.Ended.IsCompletedSuccessfully);
        Assert.Equal(ConnectionOutcome.InternalError, _record.Outcome);
        Assert.Contains(_log.Lines, static line => line.Contains("a part of its end has failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ConnectionClosed_ACallbackThrows_IsLoggedAndTheConnectionGoesOn()
    {
        var connection = Hand(_got.Writer);
        connection.ConnectionClosed.Register(static () => throw new InvalidOperationException("of others"));
        connection.Start();

        await _sent.Writer.CompleteAsync();

        await Eventually.TrueAsync(() => _log.Lines.Any(static line => line.Contains("has thrown an exception", StringComparison.Ordinal)));
        await connection.DisposeAsync().AsTask().WaitAsync(Eventually.Limit);
        Assert.Null(_record.Outcome);
    }

    [Fact]
    public async Task ConnectionReset_ACallbackThrows_IsLogged()
    {
        var connection = Hand(_got.Writer);
        connection.ConnectionReset.Register(static () => throw new InvalidOperationException("of others"));
        connection.Start();

        connection.Abort(new ConnectionAbortedException());

        await Eventually.TrueAsync(() => _log.Lines.Any(static line => line.Contains("has thrown an exception", StringComparison.Ordinal)));
        await connection.DisposeAsync().AsTask().WaitAsync(Eventually.Limit);
    }

    // On the clock of all connections.
    [Fact]
    public async Task RequestClose_Throws_IsLoggedAndAskedOnce()
    {
        var connection = Hand(_got.Writer);
        var notification = new Throwing();
        connection.Features.Set<IConnectionLifetimeNotificationFeature>(notification);
        connection.Start();
        connection.Accepted();
        connection.Deadlines.Drain();

        var clock = new Thread(Check);
        clock.Start();

        await Eventually.TrueAsync(() => _log.Lines.Any(static line => line.Contains("has thrown an exception", StringComparison.Ordinal)));
        Check();
        await connection.DisposeAsync().AsTask().WaitAsync(Eventually.Limit);
        Assert.Equal(1, notification.Count);
        Assert.NotEqual(clock.ManagedThreadId, notification.ThreadId);

        void Check()
        {
            connection.Deadlines.Check(connection.Deadlines.Now + HandoverDeadlines.Grace);
            connection.Deadlines.Check(connection.Deadlines.Now + HandoverDeadlines.Grace);
        }
    }

    // At the first check after the process was stopped, however long, the client's next request may wait in the socket.
    [Fact]
    public void Check_LongWithoutBytes_MayAskAtTheSecondCheckInARow()
    {
        var looks = 0;
        var deadlines = new HandoverDeadlines(
            _record,
            _options,
            _services.GetRequiredService<HandoverDependencies>(),
            static () => { },
            _sent.Reader
        )
        {
            IsBetween = () =>
            {
                looks++;
                return false;
            },
        };
        deadlines.Accepted();
        deadlines.Drain();
        var now = deadlines.Now;

        deadlines.Check(now + (10 * HandoverDeadlines.Grace));
        Assert.Equal(0, looks);

        deadlines.Check(now);
        deadlines.Check(now + HandoverDeadlines.Grace);
        Assert.Equal(0, looks);

        deadlines.Check(now + HandoverDeadlines.Grace);
        Assert.Equal(1, looks);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _services.DisposeAsync();
        await _client.DisposeAsync();
        _log.Dispose();
    }

    private HandedConnection Hand(PipeWriter output)
    {
        _client.Transport = new Duplex(_sent.Reader, output);
        return new(_client, _options, _services.GetRequiredService<HandoverDependencies>());
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Fails in a way that nothing expects.</summary>
    private sealed class Broken : PipeWriter
    {
        public override void Advance(int bytes) { }

        public override void CancelPendingFlush() { }

        public override void Complete(Exception? exception = null) { }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            throw new NotSupportedException("of others");

        public override Memory<byte> GetMemory(int sizeHint = 0) => new byte[Math.Max(sizeHint, 100)];

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }

    private sealed class Throwing : IConnectionLifetimeNotificationFeature
    {
        public int Count { get; private set; }

        public int ThreadId { get; private set; }

        public CancellationToken ConnectionClosedRequested { get; set; }

        public void RequestClose()
        {
            Count++;
            ThreadId = Environment.CurrentManagedThreadId;
            throw new InvalidOperationException("of others");
        }
    }
}
