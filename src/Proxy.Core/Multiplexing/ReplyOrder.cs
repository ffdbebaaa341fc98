using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>Sends a client its replies in the order of its requests, in whatever order these complete.</summary>
internal sealed class ReplyOrder
{
    private const int MostUntaken = 128 * 1024; // of a reply that is passed on in parts

    private readonly Lock _gate = new(); // guards all fields below except the signal of the reader
    private readonly MultiplexClient _client;
    private readonly MultiplexRequest?[] _ring;
    private readonly ReplyComposer _composer;
    private readonly ReplyWriter _writer;
    private readonly ReadinessGate _changed = new(inline: true);
    private ConnectionOutcome? _cut;
    private int _first;
    private int _count;
    private bool _isOver; // the last reply was given, so later ones are dropped
    private volatile bool _isDraining;
    private volatile bool _isLast;

    /// <param name="client">The client.</param>
    /// <param name="capacity">The number of its requests that are read ahead.</param>
    /// <param name="port">The connection of the client.</param>
    /// <param name="record">The record of its connection.</param>
    public ReplyOrder(MultiplexClient client, int capacity, MessagePort port, ConnectionRecord record)
    {
        _client = client;
        _ring = new MultiplexRequest?[capacity];
        _composer = new(client.Framer.Rules, record);
        _writer = new(_gate, client, port, record, () => First, Stopped);
    }

    /// <summary>Whether another request may be read now.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                // While a client does not read its replies, no more of its requests are read.
                return _count < _ring.Length && !_writer.IsWriting;
            }
        }
    }

    /// <summary>Whether all requests are answered, and all replies handed to the kernel.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return (_count == 0 || _isOver) && _writer.IsDone;
            }
        }
    }

    /// <summary>Whether no request is open, or the client does not read its replies.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _count == 0 || _writer.IsWriting;
            }
        }
    }

    /// <summary>
    /// The milliseconds for which the client has taken nothing of what is written to it, or is behind with that; 0 if nothing is written.
    /// </summary>
    /// <param name="now">Milliseconds of the clock.</param>
    /// <param name="keepsOthersWaiting">Whether others wait for the client.</param>
    public long CheckTaking(long now, bool keepsOthersWaiting)
    {
        lock (_gate)
        {
            return _writer.Lag.Check(now, keepsOthersWaiting);
        }
    }

    /// <summary>Whether no more requests are read.</summary>
    public bool IsLast
    {
        get => _isLast;
        set => _isLast = value;
    }

    private MultiplexRequest? First => _ring[_first];

    // A message of which the client has sent only a part is under way too.
    private bool IsDrained =>
        _isDraining && _count == 0 && _cut is null && _writer is { IsDone: true, IsClosed: false } && !_client.HasInput;

    /// <summary>
    /// Makes the last reply the last that the client gets as soon as it has nothing under way, and sends FIN then. Thread-safe.
    /// </summary>
    public void Drain()
    {
        lock (_gate)
        {
            _isDraining = true;
        }

        EndIfDrained();
    }

    /// <summary>Sends FIN if the client is drained and has nothing under way. The reader calls it when it has used up its input.</summary>
    public void EndIfDrained()
    {
        if (!_isDraining)
        {
            return;
        }

        bool ends;
        lock (_gate)
        {
            ends = !_isOver && IsDrained;
            _isOver |= ends;
            _isLast |= ends;
        }

        if (ends)
        {
            _client.EndSending();
            _changed.Signal();
        }
    }

    /// <summary>Adds a request to the order. The caller has checked <see cref="HasRoom"/>.</summary>
    /// <returns>The request; null if the client's last reply has been given meanwhile.</returns>
    public MultiplexRequest? Add(ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            if (_isOver || _isLast)
            {
                return null;
            }

            var request = _ring[(_first + _count) % _ring.Length] ??= new(_client);
            request.Reset(message);
            _count++;
            return request;
        }
    }

    /// <summary>Waits until a reply was written, or there is room for another request.</summary>
    /// <exception cref="IOException">The connection is closed.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_writer.IsClosed)
        {
            throw new IOException("The connection is closed.");
        }

        await _changed.WaitAsync(cancellationToken);
        _changed.Reset();
    }

    /// <summary>
    /// Whether a part of a reply can be passed on: earlier requests are answered, and the client has taken most of what came before. Otherwise
    /// <see cref="MultiplexRequest.Taken"/> is signalled when it may be so.
    /// </summary>
    public bool MayPass(MultiplexRequest request)
    {
        lock (_gate)
        {
            return !Takes(request) || (request == First && _writer.Untaken < MostUntaken);
        }
    }

    /// <summary>Passes on a part of a reply.</summary>
    public void Pass(MultiplexRequest request, ReadOnlySpan<byte> part)
    {
        bool writes;
        bool hasMore;
        TracedMessage? traced;
        lock (_gate)
        {
            if (!Takes(request))
            {
                return;
            }

            traced = _client.Trace.ToClient(request, part);
            _writer.Due.Append(part);
            writes = _writer.TryBegin(out hasMore);
        }

        traced?.Log();
        Continue(writes, hasMore);
    }

    /// <summary>Completes a request, and writes all replies that are due.</summary>
    public void Complete(MultiplexRequest request, in Completion completion)
    {
        bool writes;
        bool hasMore;
        TracedMessage? traced;
        RequestStream? stream;
        MultiplexRequest? first; // it may be its turn now
        lock (_gate)
        {
            stream = request.Stream; // once it is complete, the object may be used for another request
            var start = _writer.Due.Count;
            request.EndsConnection |= completion.EndsConnection || EndsWith(request, completion);
            if (request.HasReplyBegun && !completion.IsReply)
            {
                request.Cut ??= Takes(request) ? completion.Outcome : null; // no other reply can be given any more
            }
            else if (Takes(request))
            {
                _composer.Compose(request, completion, request == First ? _writer.Due : request.Reply ??= new(_client.Replies));
            }

            traced = Trace(request, start);
            Advance(request);
            first = First;
            writes = _writer.TryBegin(out hasMore);
        }

        traced?.Log();
        stream?.End();
        Continue(writes, hasMore);
        first?.SignalTaken();
    }

    /// <summary>Writes an interim reply between two others.</summary>
    public void Say(LocalReply reply, ReadOnlySpan<byte> request)
    {
        bool writes;
        bool hasMore;
        lock (_gate)
        {
            _client.Framer.Rules.TryWriteLocal(reply, request, _writer.Due);
            writes = _writer.TryBegin(out hasMore);
        }

        Continue(writes, hasMore);
    }

    /// <summary>Drops all further replies, since the client has gone.</summary>
    public void Close()
    {
        MultiplexRequest?[] open;
        lock (_gate)
        {
            _writer.Close();
            open = [.. _ring];
            Array.Clear(_ring); // their memory is free as soon as the session lets go of them
        }

        foreach (var request in open)
        {
            request?.SignalTaken();
        }
    }

    // What is left of a request that was not read whole cannot be told from the next one.
    private static bool EndsWith(MultiplexRequest request, in Completion completion) =>
        request.Stream is { } stream && !(stream.IsWhole && completion.IsReply);

    // After a request that could not be answered, the client gets no further reply, since it would assign it to the wrong request.
    private bool Takes(MultiplexRequest request) => request.DeliversReply && !_writer.IsClosed && !_isOver && _cut is null;

    private TracedMessage? Trace(MultiplexRequest request, int start) =>
        _client.Trace.ToClient(
            request,
            !Takes(request) ? []
                : request == First ? _writer.Due.Span[start..]
                : request.Reply is { } reply ? reply.Span
                : []
        );

    // All complete requests up to the first incomplete one are due.
    private void Advance(MultiplexRequest completed)
    {
        completed.IsComplete = true;
        while (!_isOver && _count > 0 && First is { IsComplete: true } request && _cut is null)
        {
            if (request.Reply is { Count: > 0 } reply)
            {
                _writer.Due.Append(reply.Span);
                reply.Clear();
            }

            _cut = request.Cut;
            _isLast |= request.EndsConnection || request.Cut is not null;
            if (!request.TryRelease())
            {
                _ring[_first] = null;
            }

            if (request.HasTurn)
            {
                _client.Requests.GiveWay(); // whatever it has sent meanwhile waits for another turn
            }

            _first = (_first + 1) % _ring.Length;
            _count--;
            if (request.EndsConnection)
            {
                _isOver = true;
                _count = 0;
            }
        }
    }

    private void Continue(bool writes, bool hasMore)
    {
        if (writes)
        {
            _writer.Write(hasMore);
        }
    }

    // Called when everything due is written. Resets the client's connection if its protocol could not express a failure. If another thread
    // has begun to write again, that one calls this later, too.
    private void Stopped(bool hasFailed)
    {
        bool isAll;
        lock (_gate)
        {
            isAll = !hasFailed && _writer.IsDone;
            if (isAll && IsDrained)
            {
                _isOver = true;
                _isLast = true;
            }
        }

        if (isAll && _cut is { } outcome)
        {
            _client.Close(outcome);
            Close();
        }
        else if (isAll && _isOver)
        {
            // The destination's reply may have ended the connection; a client that waits for FIN sends nothing.
            _client.EndSending();
        }

        _changed.Signal();
    }
}
