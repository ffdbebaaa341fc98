using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>Gives a client its replies in the order of its requests, however they are completed.</summary>
internal sealed class ReplyOrder
{
    private readonly Lock _gate = new(); // guards all below but the gate of the reader
    private readonly MultiplexClient _client;
    private readonly MultiplexRequest?[] _ring;
    private readonly ReplyComposer _composer;
    private readonly ReplyWriter _writer;
    private readonly ReadinessGate _changed = new(inline: true);
    private ConnectionOutcome? _cut;
    private int _first;
    private int _count;
    private bool _isOver; // the last reply was given: further ones have nowhere to go
    private volatile bool _isLast;

    /// <param name="client">The client.</param>
    /// <param name="capacity">How many of its requests are read ahead.</param>
    /// <param name="port">Its connection.</param>
    /// <param name="record">What is known of its connection.</param>
    public ReplyOrder(MultiplexClient client, int capacity, MessagePort port, ConnectionRecord record)
    {
        _client = client;
        _ring = new MultiplexRequest?[capacity];
        _composer = new(client.Framer.Rules, record);
        _writer = new(_gate, client, port, record, Stopped);
    }

    /// <summary>Whether another request may be read now.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                // A client that does not read its replies gets no further ones.
                return _count < _ring.Length && !_writer.IsWriting;
            }
        }
    }

    /// <summary>Whether all is answered, and the kernel has it.</summary>
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

    /// <summary>Whether nothing is asked for, or the client does not read what it asked for.</summary>
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

    /// <summary>Whether no request is read any more.</summary>
    public bool IsLast
    {
        get => _isLast;
        set => _isLast = value;
    }

    private MultiplexRequest? First => _ring[_first];

    /// <summary>Takes a request into the order. There has to be room.</summary>
    /// <returns>Null when the client's last reply has been given meanwhile.</returns>
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

    /// <summary>Waits until a reply was written or room was made.</summary>
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

    /// <summary>Takes what completes a request, and writes all that is due now.</summary>
    public void Complete(MultiplexRequest request, in Completion completion)
    {
        bool writes;
        TracedMessage? traced;
        lock (_gate)
        {
            var start = _writer.Due.Count;
            request.EndsConnection |= completion.EndsConnection;
            if (Takes(request))
            {
                _composer.Compose(request, completion, request == First ? _writer.Due : request.Reply ??= new());
            }

            traced = Trace(request, start);
            Advance(request);
            writes = _writer.TryBegin();
        }

        traced?.Log();
        Continue(writes);
    }

    /// <summary>Says something between two replies.</summary>
    public void Say(LocalReply reply, ReadOnlySpan<byte> request)
    {
        bool writes;
        lock (_gate)
        {
            _client.Framer.Rules.TryWriteLocal(reply, request, _writer.Due);
            writes = _writer.TryBegin();
        }

        Continue(writes);
    }

    /// <summary>The client is gone: what comes for it is dropped.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _writer.Close();
        }
    }

    // After a request that nothing could be said to, the client gets no further reply: it would take it for that one's.
    private bool Takes(MultiplexRequest request) => request.DeliversReply && !_writer.IsClosed && !_isOver && _cut is null;

    private TracedMessage? Trace(MultiplexRequest request, int start) =>
        _client.Trace.ToClient(
            request,
            !Takes(request) ? []
                : request == First ? _writer.Due.Span[start..]
                : request.Reply is { } reply ? reply.Span
                : []
        );

    // Whatever is complete now up to the first that is not is due.
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
            if (!request.IsReusable)
            {
                _ring[_first] = null;
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

    private void Continue(bool writes)
    {
        if (writes)
        {
            _writer.Write();
        }
    }

    // Everything due is written; a client that cannot be told in its protocol's words is told by a reset. If another thread writes again already, that
    // one comes here too.
    private void Stopped(bool hasFailed)
    {
        bool isAll;
        lock (_gate)
        {
            isAll = !hasFailed && _writer.IsDone;
        }

        if (isAll && _cut is { } outcome)
        {
            _client.Close(outcome);
            Close();
        }
        else if (isAll && _isOver)
        {
            // It may be the destination that ended with its reply, and the client waits for this and says nothing.
            _client.EndSending();
        }

        _changed.Signal();
    }
}
