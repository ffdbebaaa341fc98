using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Proxy.Connections;
using Proxy.Diagnostics;

namespace Proxy.Handover;

/// <summary>
/// A connection as Kestrel gets it: with the features of the client's connection, TLS among them, and the behavior of Kestrel's own transport. Bytes are received
/// while a request runs, so that its end is noticed; the end of the client's bytes closes it. Kestrel disposes this, and <see cref="Diagnostics.TrackingMiddleware"/> the client's connection.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Sources without timer hold nothing, and their tokens may outlive the connection.")]
[SuppressMessage("Design", "CA2213", Justification = "Sources without a timer hold nothing, and their tokens are used by others.")]
internal sealed class HandedConnection
    : ConnectionContext,
        IConnectionIdFeature,
        IConnectionItemsFeature,
        IConnectionTransportFeature,
        IConnectionLifetimeFeature,
        IConnectionEndPointFeature,
        IConnectionResetFeature,
        IMemoryPoolFeature,
        IDuplexPipe
{
    private readonly ConnectionContext _inner;
    private readonly ConnectionRecord _record;
    private readonly HandoverDependencies _services;
    private readonly Stream _stream;
    private readonly Pipe _received;
    private readonly HandedInput _input;
    private readonly HandedOutput _output;
    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly CancellationTokenSource _reset = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _receiving = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;
    private IConnectionLifetimeNotificationFeature? _notification;
    private volatile bool _isGone;
    private volatile bool _wasIdle; // no request waited for its answer when the client's bytes ended
    private volatile int _closingThread;

    public HandedConnection(ConnectionContext inner, HandoverOptions options, HandoverDependencies services)
    {
        (_inner, _services, _record) = (inner, services, ConnectionRecord.Of(inner));
        _stream =
            (inner as TcpConnection)?.OpenStream()
            ?? new PipeStream(inner.Transport.Input.AsStream(true), inner.Transport.Output.AsStream(true));
        var most = services.Handover.Limits?.MaxRequestBufferSize ?? 0; // 0: no limit
        _received = new(
            new PipeOptions(
                services.Handover.Memory,
                PipeScheduler.ThreadPool, // Kestrel's code may block
                PipeScheduler.Inline,
                most,
                most / 2,
                useSynchronizationContext: false
            )
        );
        Deadlines = new HandoverDeadlines(_record, options, services, AskToClose, _received.Reader) { IsBetween = IsBetween };
        _input = new HandedInput(_received.Reader, Taken);
        _output = new HandedOutput(_stream, Deadlines, Sent);
        Transport = this;
        ConnectionId = inner.ConnectionId;
        LocalEndPoint = inner.LocalEndPoint;
        RemoteEndPoint = inner.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        Features = CreateFeatures(options.Names);
    }

    /// <summary>Completes when Kestrel is done with the connection.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Its time limits.</summary>
    public HandoverDeadlines Deadlines { get; }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items
    {
        get => _inner.Items;
        set => _inner.Items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public CancellationToken ConnectionReset => _reset.Token;

    public System.Buffers.MemoryPool<byte> MemoryPool => _services.Handover.Memory;

    PipeReader IDuplexPipe.Input => _input;

    PipeWriter IDuplexPipe.Output => _output;

    /// <summary>Begins to receive.</summary>
    public void Start() => _receiving = ReceiveAsync();

    /// <summary>Waits for the first bytes, and finds out what speaks HTTP/2 from the start.</summary>
    /// <returns>Whether the client does; null if there is nothing to serve.</returns>
    public async ValueTask<bool?> SpeaksHttp2Async()
    {
        try
        {
            return await Http2Preface.ReadAsync(_received.Reader);
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException)
        {
            return null; // the outcome is set
        }
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        // Kestrel's answer to the end of the client's bytes is to abort. Its own transport then ends in an orderly way, as it has ended on this side already.
        var isEnd = _closingThread == Environment.CurrentManagedThreadId && !_isGone && !_output.IsFlushing;
        if (!isEnd || !_wasIdle)
        {
            _record.TryEnd(ConnectionOutcome.HttpAborted);
        }

        if (!isEnd)
        {
            _inner.Abort(abortReason);
            Gone();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await FinishAsync(_over.CancelAsync);
            Deadlines.End();
            await FinishAsync(() => _received.Reader.CompleteAsync().AsTask()); // what receives may wait for room
            await FinishAsync(() => _receiving);
            await FinishAsync(() => _watching);
            await FinishAsync(() => _output.EndAsync(_isGone || _record.Outcome is not null).AsTask());
            await base.DisposeAsync();
        }
        finally
        {
            _ended.TrySetResult(); // whatever failed: the route's pipeline waits for it
        }
    }

    // A step that fails must not keep the next from being done.
    private async Task FinishAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception)
        {
            HandoverLog.NotEnded(_services.Logger, ConnectionId, exception);
            _record.Close(ConnectionOutcome.InternalError);
        }
    }

    private async Task ReceiveAsync()
    {
        Exception? failure = null;
        try
        {
            var writer = _received.Writer;
            while (true)
            {
#pragma warning disable CA2022 // It reads nothing: it waits, and holds no memory while the client is silent.
                await _stream.ReadAsync(Memory<byte>.Empty, _over.Token);
#pragma warning restore CA2022
                await Deadlines.Up.AllowedAsync(Deadlines.Now);
                var count = await _stream.ReadAsync(writer.GetMemory(), _over.Token);
                if (count == 0)
                {
                    break;
                }

                Deadlines.Up.Count(count);
                Deadlines.Active();
                _record.CountClientBytes(count);
                writer.Advance(count);
                if ((await writer.FlushAsync()).IsCompleted)
                {
                    break; // Kestrel reads no more
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Kestrel is done.
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or ObjectDisposedException)
        {
            failure = Failed(exception);
        }
        catch (Exception exception)
        {
            HandoverLog.NotReceived(_services.Logger, ConnectionId, exception);
            _record.Close(ConnectionOutcome.InternalError);
            failure = Failed(exception);
        }

        _wasIdle = _input.IsReading || _output.HasBegun;
        await _received.Writer.CompleteAsync(failure);
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.CancelClosed(), this, preferLocal: false);
        if (failure is null && !_over.IsCancellationRequested && _inner is IDeparture peer)
        {
            _watching = WatchAsync(peer);
        }
    }

    private void CancelClosed()
    {
        try
        {
            _closingThread = Environment.CurrentManagedThreadId;
            Notify(_closed.Cancel);
        }
        finally
        {
            _closingThread = 0;
        }
    }

    // Calls code of others, whose exceptions would end the process on a thread of the pool, and stop other connections on a timer.
    private void Notify(Action others)
    {
        try
        {
            others();
        }
        catch (Exception exception)
        {
            HandoverLog.Thrown(_services.Logger, ConnectionId, exception);
        }
    }

    private ConnectionResetException Failed(Exception exception)
    {
        _record.TryEnd((exception as ConnectionEndedException)?.Outcome ?? ConnectionOutcome.ClientReset);
        Gone();
        return exception as ConnectionResetException ?? new ConnectionResetException(exception.Message, exception);
    }

    // The client has finished sending, and may still reset the connection.
    private async Task WatchAsync(IDeparture peer)
    {
        try
        {
            if (await peer.WaitForDepartureAsync(ignoreClose: true, _over.Token) is null)
            {
                return;
            }

            _record.TryEnd(ConnectionOutcome.ClientReset);
        }
        catch (ConnectionEndedException lost)
        {
            _record.TryEnd(lost.Outcome);
        }

        Gone();
    }

    private void Gone()
    {
        _isGone = true;
        Deadlines.End();
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.Notify(connection._reset.Cancel), this, preferLocal: false);
    }

    // Kestrel has looked at bytes of the client: a request begins, or goes on.
    private void Taken()
    {
        _output.HasBegun = false;
        Deadlines.Taken();
    }

    private bool IsBetween() => _input.IsReading || !_output.HasBegun;

    private void Sent(int count)
    {
        Deadlines.Active();
        _record.CountUpstreamBytes(count);
    }

    private void AskToClose() => Notify(() => Volatile.Read(ref _notification)?.RequestClose());

    /// <summary>Called when Kestrel has begun to serve the connection.</summary>
    public void Accepted()
    {
        Volatile.Write(ref _notification, Features.Get<IConnectionLifetimeNotificationFeature>());
        Deadlines.Accepted();
    }

    private FeatureCollection CreateFeatures(ServedNames? names)
    {
        var features = new FeatureCollection(_inner.Features);
        features.Set<IConnectionIdFeature>(this);
        features.Set<IConnectionItemsFeature>(this);
        features.Set<IConnectionTransportFeature>(this);
        features.Set<IConnectionLifetimeFeature>(this);
        features.Set<IConnectionEndPointFeature>(this);
        features.Set<IConnectionResetFeature>(this);
        features.Set<IMemoryPoolFeature>(this);
        features.Set(_record);
        features.Set(names);
        return features;
    }
}
