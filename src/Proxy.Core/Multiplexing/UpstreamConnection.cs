using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// One connection to a destination, owned by its session. Its properties are guarded by the session's lock. It sends the requests that the
/// session passes, and its reader reports what is received.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Close and Abort end what it holds; a source without timer holds nothing.")]
internal sealed class UpstreamConnection(UpstreamEvents session, UpstreamSettings settings, TimeProvider time) : IThreadPoolWorkItem
{
    private const int SmallMessage = 4096;
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(1);

    private static readonly UpstreamLoss _noMemory = UpstreamLoss.Broken("There is no memory for the reply.");

    private readonly CancellationTokenSource _closing = new();
    private ConnectionContext? _connection;
    private MessagePort? _port;
    private ITimer? _rest;

    public UpstreamSettings Settings => settings;

    public UpstreamState State { get; set; } = UpstreamState.Connecting;

    public InFlight InFlight { get; } = new(settings.Framer.Correlation is not null);

    /// <summary>Whether a request is being handed to the kernel.</summary>
    public bool IsWriting { get; set; }

    /// <summary>The request of which a part was sent and others follow; null if there is none.</summary>
    public MultiplexRequest? Sending { get; set; }

    /// <summary>The request whose reply is passed on in parts; null if there is none.</summary>
    public MultiplexRequest? Replying { get; set; }

    /// <summary>Whether it is to be closed once no request is in flight.</summary>
    public bool IsRetired { get; set; }

    /// <summary>
    /// Whether it is about to be closed, since a request on it was not answered in time. Bytes that come now may be that reply; without ids
    /// it could not be told from the next one, so they are dropped.
    /// </summary>
    public bool IsGivenUp { get; set; }

    /// <summary>The number of requests on it that the destination has answered.</summary>
    public int Answers { get; set; }

    /// <summary>Whether the destination has answered any request on it, or begun to.</summary>
    public bool HasAnswered => Answers > 0 || Replying is not null;

    /// <summary>The clock's milliseconds when the last request was answered.</summary>
    public long AnsweredAt { get; set; }

    /// <summary>Whether a request was sent on it.</summary>
    public bool HasSent { get; set; }

    /// <summary>Whether it takes no further request, since the destination closes after each answer.</summary>
    public bool IsSpent { get; set; }

    /// <summary>The last request on it that gets no reply, of which an echo may come; empty if none may.</summary>
    public byte[] Unanswerable { get; set; } = [];

    /// <summary>Whether it drops all bytes until the destination is silent.</summary>
    public bool IsDraining { get; set; }

    /// <summary>How often it began to drain. When the number changes, the part of a reply that had arrived is dropped too.</summary>
    public int Drains { get; set; }

    /// <summary>The number of requests in a row without a reply, while no byte was received.</summary>
    public int SilentTimeouts { get; set; }

    /// <summary>The clock's milliseconds when it was connected.</summary>
    public long ConnectedAt { get; set; }

    /// <summary>The clock's milliseconds by which the pending event must happen: the send, the peer's FIN, or silence.</summary>
    public long Deadline { get; set; } = long.MaxValue;

    public bool IsOpen => State is UpstreamState.Ready or UpstreamState.Resting;

    /// <summary>Cancelled to end a dial.</summary>
    public CancellationToken Cancelled => _closing.Token;

    /// <summary>Dials, as a work item for an event loop or the thread pool.</summary>
    public void Execute() => _ = session.DialAsync(this);

    /// <summary>Takes the dialed connection.</summary>
    public void Attach(ConnectionContext connection)
    {
        _connection = connection;
        _port = new MessagePort(connection);
    }

    /// <summary>Starts to read.</summary>
    public void Start() => _ = RunAsync();

    /// <summary>Hands a request to the kernel, or the first part of one.</summary>
    public void Send(MultiplexRequest request)
    {
        var expectsReply = request.ExpectsReply;
        if (request.IsWrite && HasAnswered && _port!.HasPeerEnded)
        {
            // A write is not repeated once it may have been executed, so it is not sent into a connection that is being closed.
            request.IsUnsent = true;
            request.IsBeingSent = false;
            session.NotSent(this, request);
            return;
        }

        session.Trace.ToDestination(request, request.Sent.Span);
        var send = _port!.SendAsync(request.Sent);
        if (send.IsCompletedSuccessfully)
        {
            send.GetAwaiter().GetResult();
            Sent(request, expectsReply);
        }
        else
        {
            // The kernel takes a small message as a whole or not at all.
            request.IsUnsent = send.IsFaulted && request.Sent.Length <= SmallMessage;
            _ = FinishSendAsync(send, request, expectsReply);
        }
    }

    /// <summary>Sends a further part of a request. The caller is the only one that sends.</summary>
    /// <returns>False if the connection is lost; the session knows.</returns>
    public async ValueTask<bool> SendPartAsync(MultiplexRequest request, ReadOnlyMemory<byte> part, bool isLast)
    {
        session.Trace.ToDestination(request, part.Span);
        session.Sends(this, request, part.Length, isLast);
        var expectsReply = request.ExpectsReply;
        try
        {
            await _port!.SendAsync(part);
            if (isLast)
            {
                session.Sent(this, request, expectsReply);
            }
            else
            {
                session.AwaitsPart(this, request);
            }

            return true;
        }
        catch (Exception exception) when (MessagePort.IsEnd(exception) || exception is OperationCanceledException)
        {
            session.Lost(this, UpstreamLoss.Broken(exception.Message));
            return false;
        }
    }

    /// <summary>Fails a request that its client does not finish, and renews the connection.</summary>
    public void Abandon(MultiplexRequest request, LocalReply reply, ConnectionOutcome outcome) =>
        session.Abandon(this, request, reply, outcome);

    /// <summary>Accepts no requests for a while, then notifies the session.</summary>
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

    /// <summary>Accepts requests again.</summary>
    public void EndRest()
    {
        if (State == UpstreamState.Resting)
        {
            State = UpstreamState.Ready;
            IsDraining = false;
            Deadline = IsWriting ? Deadline : long.MaxValue;
        }
    }

    /// <summary>
    /// Drops all bytes until none come any more, since they may be a late reply. This must end within the time limit of a reply.
    /// </summary>
    public void BeginDrain(long now)
    {
        Drains++;
        IsDraining = true;
        State = UpstreamState.Resting;
        Deadline = now + (long)settings.Multiplex.ResponseTimeout.TotalMilliseconds;
        AwaitSilence();
    }

    /// <summary>Starts the wait for silence again.</summary>
    public void AwaitSilence() => TellAfter(_silence);

    /// <summary>Cancels a dial that has not succeeded yet.</summary>
    public void CancelDial() => _closing.Cancel();

    /// <summary>Sends FIN; the reader notices the destination's.</summary>
    public void EndSending() => _ = _port!.EndSendingAsync().AsTask();

    /// <summary>Closes with RST, and cancels a dial.</summary>
    public void Abort()
    {
        _closing.Cancel();
        _rest?.Dispose();
        _connection?.Abort(new ConnectionAbortedException("The multiplexer closes its connection."));
    }

    /// <summary>Closes with FIN, and cancels a dial.</summary>
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
            AwaitsClient = Sending is { SendingLag.Since: not null, Client.HasInput: false },
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

    private void Sent(MultiplexRequest request, bool expectsReply)
    {
        var stream = request.Stream; // once it is no more being sent, the object may be used for another request
        request.IsBeingSent = false;
        if (stream is null)
        {
            session.Sent(this, request, expectsReply);
        }
        else
        {
            session.AwaitsPart(this, request);
            if (!stream.Begin(this))
            {
                session.Abandon(this, request, LocalReply.NoAnswer, ConnectionOutcome.ClientReset);
            }
        }
    }

    private async Task FinishSendAsync(ValueTask send, MultiplexRequest request, bool expectsReply)
    {
        try
        {
            await send;
            Sent(request, expectsReply);
        }
        catch (Exception exception) when (MessagePort.IsEnd(exception) || exception is OperationCanceledException)
        {
            session.Lost(this, UpstreamLoss.Broken(exception.Message));
        }
    }

    private async Task RunAsync()
    {
        var loss = UpstreamLoss.Ended;
        var reader = new ReplyReader(session, this, _port!, time);
        try
        {
            loss = await reader.RunAsync();
        }
        catch (Exception exception) when (MessagePort.IsEnd(exception) || exception is OperationCanceledException)
        {
            loss = UpstreamLoss.Broken(exception.Message).After(reader.Unanswered);
        }
        catch (OutOfMemoryException)
        {
            loss = _noMemory; // logging would need memory
        }
        catch (Exception exception)
        {
            session.Failed(exception);
        }

        session.Lost(this, loss);
        await _connection!.DisposeAsync();
    }
}
