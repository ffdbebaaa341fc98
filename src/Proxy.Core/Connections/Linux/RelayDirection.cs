using Proxy.Native;

namespace Proxy.Connections.Linux;

/// <summary>
/// One direction of a relay, on its loop's thread. Bytes go through the loop's buffer from socket to socket. Only bytes that the receiver
/// does not accept are kept, and nothing is read while some are. A read that fills the buffer switches to splicing through a kernel pipe, a
/// short one switches back.
/// </summary>
internal sealed unsafe class RelayDirection(EpollConnection from, EpollConnection to, BufferPool buffers, Bandwidth? bandwidth)
{
    private const int BytesPerTurn = 1 << 20;
    private const int ShortSplice = 16 * 1024;

    private RelayPace _pace = new(bandwidth);
    private byte[]? _kept;
    private int _keptStart;
    private int _keptEnd;
    private KernelPipe? _pipe;
    private int _piped;
    private int _moved;
    private bool _wasShort;
    private bool _isRented;

    public EpollConnection From => from;

    public EpollConnection To => to;

    /// <summary>Whether a read may return bytes; false after one that would block.</summary>
    public bool IsReadable { get; set; } = true;

    /// <summary>Whether a write may accept bytes; false after one that would block.</summary>
    public bool IsWritable { get; set; } = true;

    /// <summary>Whether all bytes of the sender have been read.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether this direction has nothing left to do.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Whether it holds bytes that the receiver has not accepted.</summary>
    public bool HoldsBytes => _kept is not null || _piped > 0;

    /// <summary>When reading goes on that pauses for want of bandwidth; 0 if it does not pause.</summary>
    public long Resumes => IsFinished ? 0 : _pace.Resumes;

    /// <summary>The number of bytes that the receiver's kernel has taken since the last call.</summary>
    public int TakeMoved()
    {
        var moved = _moved;
        _moved = 0;
        return moved;
    }

    /// <summary>Keeps bytes that were read before the relay started; they are sent first.</summary>
    public void Prepend(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            _kept = new byte[bytes.Length];
            bytes.CopyTo(_kept);
            _keptEnd = bytes.Length;
            _pace.Count(bytes.Length);
        }
    }

    /// <summary>Keeps bytes that were read before the relay started, behind those that it keeps already.</summary>
    public void Prepend(ReadAhead ahead)
    {
        if (_kept is null)
        {
            var bytes = ahead.Detach();
            (_kept, _keptStart, _keptEnd, _isRented) = (bytes.Array, bytes.Offset, bytes.Offset + bytes.Count, true);
            _pace.Count(bytes.Count);
            return;
        }

        byte[] all = [.. _kept.AsSpan(_keptStart, _keptEnd - _keptStart), .. ahead.Bytes];
        _pace.Count(_keptStart - _keptEnd); // they are counted again below
        ahead.Dispose();
        ReleaseKept();
        Prepend(all);
    }

    /// <summary>Moves the bytes that can be moved now, up to the share of one turn.</summary>
    public RelayProgress Pump(EventLoop loop)
    {
        var most = _moved + BytesPerTurn;
        while (_moved < most)
        {
            var progress =
                _kept is not null ? SendKept()
                : _piped > 0 ? SpliceOut(loop)
                : HasEnded ? RelayProgress.Ended
                : !IsReadable ? RelayProgress.Waits
                : _pace.Allowed(loop.Now) is var allowed && allowed == 0 ? Pause(loop)
                : _pipe is not null ? SpliceIn(loop, allowed)
                : Copy(loop, Math.Min(allowed, BufferPool.BufferSize));
            if (progress != RelayProgress.Moved)
            {
                return progress;
            }
        }

        return RelayProgress.Moved;
    }

    /// <summary>Sends FIN to the receiver.</summary>
    public void SendEnd() => Descriptor.ShutdownSend(to.Number);

    /// <summary>Releases all buffers and pipes.</summary>
    public void Finish(EventLoop loop)
    {
        IsFinished = true;
        HasEnded = true;
        ReleaseKept();
        ReleasePipe(loop);
    }

    // Pauses may be many and long, and a pipe costs two descriptors. It is empty, and the next read that fills the buffer takes one again.
    private RelayProgress Pause(EventLoop loop)
    {
        ReleasePipe(loop);
        return RelayProgress.Pauses;
    }

    private RelayProgress Copy(EventLoop loop, int most)
    {
        if (buffers.IsFull)
        {
            return CopyKeepingNothing(loop, most);
        }

        var received = Descriptor.Receive(from.Number, loop.Buffer, most);
        if (received <= 0)
        {
            return ReadNothing(received);
        }

        _pace.Count(received);

        // A short read has emptied the socket: further bytes cause a new event, and an end that was reported before is next.
        if (received == most || from.ReadsStopShort)
        {
            IsReadable = true;
        }
        else
        {
            HasEnded = from.HasEnded;
            IsReadable = false;
        }

        to.BeforeSend(received);
        var sent = Descriptor.Send(to.Number, loop.Buffer, received, endFollows: HasEnded && !from.HasFailed);
        if (sent is < 0 and not -Errno.Again)
        {
            return RelayProgress.WriteFailed;
        }

        sent = Math.Max(sent, 0);
        _moved += sent;
        if (sent < received)
        {
            Keep(new ReadOnlySpan<byte>(loop.Buffer + sent, received - sent));
            IsWritable = false;
            return RelayProgress.Waits;
        }

        if (received == BufferPool.BufferSize)
        {
            _pipe = loop.Pipes.TryTake();
        }

        return RelayProgress.Moved;
    }

    // The memory for what the receiver does not accept is used up, so bytes stay in the sender's socket until they are sent.
    private RelayProgress CopyKeepingNothing(EventLoop loop, int most)
    {
        if (!IsWritable)
        {
            return RelayProgress.Waits;
        }

        var peeked = Descriptor.Peek(from.Number, loop.Buffer, most);
        if (peeked <= 0)
        {
            return ReadNothing(peeked);
        }

        to.BeforeSend(peeked);
        var sent = Descriptor.Send(to.Number, loop.Buffer, peeked, endFollows: false);
        if (sent is < 0 and not -Errno.Again)
        {
            return RelayProgress.WriteFailed;
        }

        sent = Math.Max(sent, 0);
        _moved += sent;
        _pace.Count(sent);
        for (var left = sent; left > 0; )
        {
            var taken = Descriptor.Receive(from.Number, loop.Buffer, left);
            if (taken <= 0)
            {
                return ReadNothing(taken);
            }

            left -= taken;
        }

        IsWritable = sent == peeked;
        return IsWritable ? RelayProgress.Moved : RelayProgress.Waits;
    }

    private RelayProgress SpliceIn(EventLoop loop, int allowed)
    {
        var count = Descriptor.Splice(from.Number, _pipe!.Writing, Math.Min(allowed, (int)KernelPipe.Capacity));
        if (count > 0)
        {
            _pace.Count(count);
            _piped = count;
            _wasShort = count < ShortSplice;
            return RelayProgress.Moved;
        }

        ReleasePipe(loop);
        if (count is -Errno.Invalid or -Errno.NoSyscall or -Errno.NotPermitted or -Errno.NotSupported)
        {
            loop.Pipes.IsSpliceAllowed = false;
            return RelayProgress.Moved;
        }

        return ReadNothing(count);
    }

    private RelayProgress SpliceOut(EventLoop loop)
    {
        if (!IsWritable)
        {
            return RelayProgress.Waits;
        }

        to.BeforeSend(_piped);
        var count = Descriptor.Splice(_pipe!.Reading, to.Number, _piped);
        if (count == -Errno.Again)
        {
            IsWritable = false;
            return RelayProgress.Waits;
        }

        if (count <= 0)
        {
            return RelayProgress.WriteFailed;
        }

        _moved += count;
        _piped -= count;
        if (_piped == 0 && _wasShort)
        {
            ReleasePipe(loop);
        }

        return RelayProgress.Moved;
    }

    private RelayProgress SendKept()
    {
        if (!IsWritable)
        {
            return RelayProgress.Waits;
        }

        to.BeforeSend(_keptEnd - _keptStart);
        var sent = Descriptor.Send(to.Number, _kept.AsSpan(_keptStart, _keptEnd - _keptStart));
        if (sent == -Errno.Again)
        {
            IsWritable = false;
            return RelayProgress.Waits;
        }

        if (sent < 0)
        {
            return RelayProgress.WriteFailed;
        }

        _moved += sent;
        _keptStart += sent;
        if (_keptStart == _keptEnd)
        {
            ReleaseKept();
        }

        return RelayProgress.Moved;
    }

    private RelayProgress ReadNothing(int result)
    {
        IsReadable = false;
        if (result == -Errno.Again)
        {
            return RelayProgress.Waits;
        }

        HasEnded = true;
        return result == 0 ? RelayProgress.Ended : RelayProgress.ReadFailed;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        _kept = buffers.Rent();
        _isRented = true;
        bytes.CopyTo(_kept);
        _keptStart = 0;
        _keptEnd = bytes.Length;
    }

    private void ReleaseKept()
    {
        if (_kept is not null && _isRented)
        {
            buffers.Return(_kept);
        }

        _isRented = false;
        _kept = null;
        _keptStart = 0;
        _keptEnd = 0;
    }

    private void ReleasePipe(EventLoop loop)
    {
        if (_pipe is not null)
        {
            loop.Pipes.GiveBack(_pipe, isEmpty: _piped == 0);
        }

        _pipe = null;
        _piped = 0;
    }
}
