using System.Net;
using Microsoft.AspNetCore.Connections;
using Proxy.Connections;

namespace Proxy.Core.Tests.Connections;

public sealed class GatedListenerTests : IAsyncLifetime
{
    private static readonly TimeSpan _firstPause = AcceptPause.First;

    private readonly ManualTime _time = new();
    private readonly LogLines _log = new();
    private readonly Listener _inner = new();
    private readonly GatedListener _listener;
    private volatile bool _mayAccept = true;

    public GatedListenerTests() => _listener = new GatedListener(_inner, () => _mayAccept, _time, _log);

    [Fact]
    public async Task Accept_Allowed_IsThatOfTheInnerListener()
    {
        await using var connection = new FakeConnection();
        _inner.Next.SetResult(connection);

        Assert.Same(connection, await _listener.AcceptAsync());
        Assert.Equal(_inner.EndPoint, _listener.EndPoint);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Accept_Counted_FromTheAcceptUntilTheConnectionHasEnded()
    {
        var count = 0;
        await using var listener = new GatedListener(_inner, () => _mayAccept, _time, _log, change => Interlocked.Add(ref count, change));
        await using var connection = new EndingConnection();
        _inner.Next.SetResult(connection);

        Assert.Same(connection, await listener.AcceptAsync());

        Assert.Equal(1, count);
        await connection.Ended.CancelAsync();
        await Eventually.TrueAsync(() => Volatile.Read(ref count) == 0);
    }

    [Fact]
    public async Task Accept_NotAllowed_AsksAgainAfterPausesThatDoubleAndLogsOnce()
    {
        _mayAccept = false;
        var accepting = _listener.AcceptAsync().AsTask();
        for (var i = 0; i < 3; i++)
        {
            var pause = _firstPause * Math.Pow(2, i);
            await _time.WaitForTimerAsync(pause);
            _time.Advance(pause);
        }

        await _time.WaitForTimerAsync(_firstPause * 8);
        Assert.Equal(0, _inner.Accepts);
        var line = Assert.Single(_log.All);
        Assert.StartsWith("Warning: Endpoint 127.0.0.1:7: accepting failed and pauses for 5 ms", line, StringComparison.Ordinal);
        Assert.Contains("too many open files", line, StringComparison.Ordinal);

        _mayAccept = true;
        _time.Advance(_firstPause * 8);
        await using var connection = new FakeConnection();
        _inner.Next.SetResult(connection);

        Assert.Same(connection, await accepting.WaitAsync(Eventually.Limit));
    }

    [Fact]
    public async Task Accept_AllowedAgain_TheNextPauseIsTheFirst()
    {
        _mayAccept = false;
        var accepting = _listener.AcceptAsync().AsTask();
        await _time.WaitForTimerAsync(_firstPause);
        _time.Advance(_firstPause);
        await _time.WaitForTimerAsync(_firstPause * 2);
        _mayAccept = true;
        _time.Advance(_firstPause * 2);
        await using var connection = new FakeConnection();
        _inner.Next.SetResult(connection);
        await accepting.WaitAsync(Eventually.Limit);

        _mayAccept = false;
        accepting = _listener.AcceptAsync().AsTask();

        await _time.WaitForTimerAsync(_firstPause);
        await _listener.UnbindAsync();
        Assert.Null(await accepting.WaitAsync(Eventually.Limit));
    }

    [Fact]
    public async Task Unbind_WhilePaused_EndsAccepting()
    {
        _mayAccept = false;
        var accepting = _listener.AcceptAsync().AsTask();
        await _time.WaitForTimerAsync(_firstPause);

        await _listener.UnbindAsync();

        Assert.Null(await accepting.WaitAsync(Eventually.Limit));
    }

    [Fact]
    public async Task Accept_CancelledWhilePaused_IsCancelled()
    {
        _mayAccept = false;
        using var cancel = new CancellationTokenSource();
        var accepting = _listener.AcceptAsync(cancel.Token).AsTask();
        await _time.WaitForTimerAsync(_firstPause);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting.WaitAsync(Eventually.Limit));
        Assert.Equal(0, _inner.Accepts);
    }

    [Fact]
    public async Task Dispose_Listener_TheInnerOneIs()
    {
        await _listener.DisposeAsync();

        Assert.True(_inner.Disposed);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _inner.DisposeAsync();
        _log.Dispose();
    }

    private sealed class Listener : IConnectionListener
    {
        private int _accepts;

        public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 7);

        public TaskCompletionSource<ConnectionContext?> Next { get; private set; } = New();

        public int Accepts => Volatile.Read(ref _accepts);

        public bool Disposed { get; private set; }

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _accepts);
            var next = await Next.Task.WaitAsync(cancellationToken);
            Next = New();
            return next;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            Next.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            Disposed = true;
            return ValueTask.CompletedTask;
        }

        private static TaskCompletionSource<ConnectionContext?> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class EndingConnection : DefaultConnectionContext
    {
        public EndingConnection() => ConnectionClosed = Ended.Token;

        public CancellationTokenSource Ended { get; } = new();
    }
}
