using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>Gives a client its replies in the order of its requests, whoever completes them when, and writes them.</summary>
internal sealed class ReplyOrder(MultiplexClient client, int capacity, MessagePort port, ConnectionRecord record)
{
    private readonly Lock _gate = new(); // guards all below but the gate of the reader
    private readonly MultiplexRequest?[] _ring = new MultiplexRequest?[capacity];
    private readonly ReadinessGate _changed = new(inline: true);
    private ByteBuffer _output = new();
    private ByteBuffer _sending = new();
    private ConnectionOutcome? _cut;
    private int _first;
    private int _count;
    private bool _isWriting;
    private bool _isClosed;
    private bool _isOver; // the last reply was given: further ones have nowhere to go
    private volatile bool _isLast;

    /// <summary>Whether another request may be read now.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                // Who does not read its replies gets no further ones.
                return _count < capacity && !_isWriting;
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
                return (_count == 0 || _isOver) && !_isWriting && _output.Count == 0;
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
                return _count == 0 || _isWriting;
            }
        }
    }

    /// <summary>Whether no request is read any more.</summary>
    public bool IsLast
    {
        get => _isLast;
        set => _isLast = value;
    }

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

            var request = _ring[(_first + _count) % capacity] ??= new(client);
            request.Reset(message);
            _count++;
            return request;
        }
    }

    /// <summary>Waits until a reply was written or room was made.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_isClosed)
        {
            throw new IOException("The connection is closed.");
        }

        await _changed.WaitAsync(cancellationToken);
        _changed.Reset();
    }

    public void Complete(MultiplexRequest request, ReadOnlySpan<byte> reply, bool endsConnection)
    {
        bool writes;
        TracedMessage? traced;
        lock (_gate)
        {
            var start = _output.Count;
            request.EndsConnection |= endsConnection;
            if (Takes(request) && !TryWrite(request, reply))
            {
                Restore(request);
                WriteLocal(request, LocalReply.BadAnswer, ConnectionOutcome.ProtocolError);
            }

            traced = Trace(request, start);
            writes = Advance(request);
        }

        traced?.Log();
        Continue(writes);
    }

    public void CompleteDone(MultiplexRequest request)
    {
        bool writes;
        TracedMessage? traced;
        lock (_gate)
        {
            var start = _output.Count;
            if (Takes(request) && !TryWriteDone(request))
            {
                Restore(request);

                // Nobody is to read that what was sent was refused.
                var wasSent = request.Started != 0;
                WriteLocal(
                    request,
                    wasSent ? LocalReply.NoAnswer : LocalReply.NotAllowed,
                    wasSent ? ConnectionOutcome.ResponseTimeout : ConnectionOutcome.Denied
                );
            }

            traced = Trace(request, start);
            writes = Advance(request);
        }

        traced?.Log();
        Continue(writes);
    }

    public void CompleteLocally(MultiplexRequest request, LocalReply reply, ConnectionOutcome outcome)
    {
        bool writes;
        TracedMessage? traced;
        lock (_gate)
        {
            var start = _output.Count;
            if (Takes(request))
            {
                Restore(request);
                WriteLocal(request, reply, outcome);
            }

            traced = Trace(request, start);
            writes = Advance(request);
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
            client.Framer.Rules.TryWriteLocal(reply, request, _output);
            writes = BeginWriting();
        }

        Continue(writes);
    }

    /// <summary>The client is gone: what comes for it is dropped.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _output.Release();
            if (!_isWriting)
            {
                _sending.Release();
            }
        }
    }

    private static void Restore(MultiplexRequest request) => request.Lane?.Translator.Restore(request);

    // After a request that nothing could be said to, the client gets no further reply: it would take it for that one's.
    private bool Takes(MultiplexRequest request) => request.DeliversReply && !_isClosed && !_isOver && _cut is null;

    private bool IsFirst(MultiplexRequest request) => _ring[_first] == request;

    private ByteBuffer Target(MultiplexRequest request) => IsFirst(request) ? _output : request.Reply ??= new();

    private bool TryWrite(MultiplexRequest request, ReadOnlySpan<byte> reply)
    {
        if (request.Lane is not { } lane)
        {
            return true;
        }

        return lane.Translator.TryWriteReply(request, reply, Target(request));
    }

    private bool TryWriteDone(MultiplexRequest request) =>
        client.Framer.Rules.TryWriteLocal(LocalReply.Done, request.Original.Span, Target(request));

    private void WriteLocal(MultiplexRequest request, LocalReply reply, ConnectionOutcome outcome)
    {
        if (!client.Framer.Rules.TryWriteLocal(reply, request.Original.Span, Target(request)))
        {
            request.Cut = outcome;
        }
        else if (reply == LocalReply.Malformed)
        {
            record.TryEnd(outcome);
        }
    }

    private TracedMessage? Trace(MultiplexRequest request, int start) =>
        client.Trace.ToClient(
            request,
            !Takes(request) ? []
                : IsFirst(request) ? _output.Span[start..]
                : request.Reply is { } reply ? reply.Span
                : []
        );

    // Whether the caller is to write.
    private bool Advance(MultiplexRequest completed)
    {
        completed.IsComplete = true;
        while (!_isOver && _count > 0 && _ring[_first] is { IsComplete: true } request && _cut is null)
        {
            if (request.Reply is { Count: > 0 } reply)
            {
                _output.Append(reply.Span);
                reply.Clear();
            }

            _cut = request.Cut;
            _isLast |= request.EndsConnection || request.Cut is not null;
            if (!request.IsReusable)
            {
                _ring[_first] = null;
            }

            _first = (_first + 1) % capacity;
            _count--;
            if (request.EndsConnection)
            {
                _isOver = true;
                _count = 0;
            }
        }

        return BeginWriting();
    }

    private bool BeginWriting()
    {
        if (_isClosed || _isWriting)
        {
            return false;
        }

        _isWriting = true;
        return true;
    }

    private void Continue(bool writes)
    {
        if (writes)
        {
            Write();
        }
    }

    // One writer at a time: whoever completes a reply while nobody writes.
    private void Write()
    {
        while (TakeOutput())
        {
            var send = port.SendAsync(_sending.Memory);
            if (!send.IsCompletedSuccessfully)
            {
                _ = FinishWriteAsync(send);
                return;
            }

            send.GetAwaiter().GetResult();
            Written();
        }

        Wrote();
    }

    private async Task FinishWriteAsync(ValueTask send)
    {
        try
        {
            await send;
            Written();
        }
        catch (Exception exception) when (MessagePort.IsEnd(exception) || exception is OperationCanceledException)
        {
            client.Close(ConnectionOutcome.ClientReset);
            lock (_gate)
            {
                _isClosed = true;
                _isWriting = false;
                _sending.Release();
                _output.Release();
            }

            _changed.Signal();
            return;
        }

        Write();
    }

    private bool TakeOutput()
    {
        lock (_gate)
        {
            if (_output.Count == 0 || _isClosed)
            {
                _isWriting = false;
                if (_isClosed)
                {
                    _sending.Release();
                }

                return false;
            }

            (_output, _sending) = (_sending, _output);
            return true;
        }
    }

    private void Written()
    {
        record.CountUpstreamBytes(_sending.Count);
        _sending.Clear();
        client.Touch();
    }

    // Everything due is written; a client that cannot be told in its protocol's words is told by a reset. If somebody writes again already, that one
    // comes here too.
    private void Wrote()
    {
        bool isAll;
        lock (_gate)
        {
            isAll = !_isWriting && _output.Count == 0;
        }

        if (isAll && _cut is { } outcome)
        {
            client.Close(outcome);
            Close();
        }
        else if (isAll && _isOver)
        {
            // It may be the destination that ended with its reply, and the client waits for this and says nothing.
            client.EndSending();
        }

        _changed.Signal();
    }
}
