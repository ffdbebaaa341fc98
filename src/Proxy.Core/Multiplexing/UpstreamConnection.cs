using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Multiplexing;

/// <summary>
/// One connection to a destination. Its session owns it: what is not a method is guarded by the session's lock. It sends what the session says, and one
/// reader of its own tells the session what comes.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Close and Abort end what it holds; a source without timer holds nothing.")]
internal sealed class UpstreamConnection(UpstreamEvents session, UpstreamSettings settings, TimeProvider time) : IThreadPoolWorkItem
{
    private const int SmallMessage = 4096;
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closing = new();
    private ConnectionContext? _connection;
    private MessagePort? _port;
    private ITimer? _rest;

    public UpstreamSettings Settings => settings;

    public UpstreamState State { get; set; } = UpstreamState.Connecting;

    public InFlight InFlight { get; } = new(settings.Framer.Correlation is not null);

    /// <summary>Whether a request is being handed to the kernel.</summary>
    public bool IsWriting { get; set; }

    /// <summary>Whether it is to be replaced once nothing is in flight.</summary>
    public bool IsRetired { get; set; }

    /// <summary>
    /// Whether it is about to be closed, since a request on it got no reply in time. What comes now may be that reply, and without ids it cannot be
    /// told from the next one: it is dropped.
    /// </summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Whether the destination has ever answered on it.</summary>
    public bool HasAnswered { get; set; }

    /// <summary>Whether it drops what comes, until nothing does.</summary>
    public bool IsDraining { get; set; }

    /// <summary>How often it has begun to drain: what was there of a reply before that is dropped too.</summary>
    public int Drains { get; set; }

    /// <summary>Requests in a row that got no reply, and not a byte came meanwhile.</summary>
    public int SilentTimeouts { get; set; }

    /// <summary>Milliseconds of the clock when it was connected.</summary>
    public long ConnectedAt { get; set; }

    /// <summary>Milliseconds of the clock at which something has to have happened: the send, the peer's FIN, silence.</summary>
    public long Deadline { get; set; } = long.MaxValue;

    public bool IsOpen => State is UpstreamState.Ready or UpstreamState.Resting;

    /// <summary>Ends a dial.</summary>
    public CancellationToken Cancelled => _closing.Token;

    /// <summary>Dials, as work for a loop or the thread pool.</summary>
    public void Execute() => _ = session.DialAsync(this);

    /// <summary>Takes what was dialed.</summary>
    public void Use(ConnectionContext connection)
    {
        _connection = connection;
        _port = new MessagePort(connection);
    }

    /// <summary>Begins to read.</summary>
    public void Start() => _ = RunAsync();

    /// <summary>Hands a request to the kernel.</summary>
    public void Send(MultiplexRequest request)
    {
        var expectsReply = request.ExpectsReply;
        session.Trace.ToDestination(request);
        var send = _port!.SendAsync(request.Sent);
        if (send.IsCompletedSuccessfully)
        {
            send.GetAwaiter().GetResult();
            request.IsBeingSent = false;
            session.Sent(this, request, expectsReply);
        }
        else
        {
            // The kernel takes a small message whole or not at all.
            request.IsUnsent = send.IsFaulted && request.Sent.Length <= SmallMessage;
            _ = FinishSendAsync(send, request, expectsReply);
        }
    }

    /// <summary>Takes no request for a while; the session is told when that is over.</summary>
    public void BeginRest(TimeSpan pause)
    {
        if (State == UpstreamState.Closing)
        {
            return;
        }

        State = pause > TimeSpan.Zero ? UpstreamState.Resting : UpstreamState.Ready;
        if (pause > TimeSpan.Zero)
        {
            TellAfter(pause);
        }
    }

    /// <summary>Takes requests again.</summary>
    public void EndRest()
    {
        if (State == UpstreamState.Resting)
        {
            State = UpstreamState.Ready;
            IsDraining = false;
            Deadline = IsWriting ? Deadline : long.MaxValue;
        }
    }

    /// <summary>Begins to drop what comes until nothing does, since it may be a late reply; that has to be over in the time for a reply.</summary>
    public void BeginDrain(long now)
    {
        Drains++;
        IsDraining = true;
        State = UpstreamState.Resting;
        Deadline = now + (long)settings.Multiplex.ResponseTimeout.TotalMilliseconds;
        AwaitSilence();
    }

    /// <summary>Begins the wait for silence anew.</summary>
    public void AwaitSilence() => TellAfter(_silence);

    /// <summary>Ends a dial, if it has not succeeded.</summary>
    public void CancelDial() => _closing.Cancel();

    /// <summary>Sends FIN; the reader sees the destination's.</summary>
    public void EndSending() => _ = _port!.EndSendingAsync().AsTask();

    /// <summary>Closes with RST, and ends a dial.</summary>
    public void Abort()
    {
        _closing.Cancel();
        _rest?.Dispose();
        _connection?.Abort(new ConnectionAbortedException("The multiplexer renews its connection."));
    }

    /// <summary>Closes with FIN, and ends a dial.</summary>
    public void Close()
    {
        _closing.Cancel();
        _rest?.Dispose();
        _ = _connection?.DisposeAsync().AsTask();
    }

    public UpstreamStatus Status(long now) =>
        new(
            State,
            InFlight.Count,
            IsOpen ? TimeSpan.FromMilliseconds(now - ConnectedAt) : TimeSpan.Zero,
            [.. InFlight.All.Select(request => request.Status(time))]
        )
        {
            IsWriting = IsWriting,
            HasReceived = InFlight.HasReceived,
        };

    private void TellAfter(TimeSpan pause)
    {
        _rest ??= time.CreateTimer(
            static state => ((UpstreamConnection)state!).Rested(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        _rest.Change(pause, Timeout.InfiniteTimeSpan);
    }

    private void Rested() => session.Rested(this);

    private async Task FinishSendAsync(ValueTask send, MultiplexRequest request, bool expectsReply)
    {
        try
        {
            await send;
            request.IsBeingSent = false;
            session.Sent(this, request, expectsReply);
        }
        catch (Exception exception) when (MessagePort.IsEnd(exception) || exception is OperationCanceledException)
        {
            session.Lost(this, UpstreamLoss.Broken(exception.Message));
        }
    }

    private async Task RunAsync()
    {
        var loss = UpstreamLoss.Ended;
        try
        {
            loss = await new ReplyReader(session, this, _port!, time).RunAsync();
        }
        catch (Exception exception) when (MessagePort.IsEnd(exception) || exception is OperationCanceledException)
        {
            loss = UpstreamLoss.Broken(exception.Message);
        }
        catch (Exception exception)
        {
            session.Failed(exception);
        }

        session.Lost(this, loss);
        await _connection!.DisposeAsync();
    }
}
