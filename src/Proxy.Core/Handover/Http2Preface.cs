using System.Buffers;
using System.IO.Pipelines;

namespace Proxy.Handover;

/// <summary>Recognizes clients that begin with HTTP/2 without having asked for it (RFC 9113, section 3.3).</summary>
internal static class Http2Preface
{
    private static ReadOnlySpan<byte> Bytes => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Waits until the first bytes tell the version. They are examined and not consumed.</summary>
    /// <param name="input">The bytes of the client.</param>
    /// <returns>Whether they are HTTP/2; null if the client left without a byte, or the wait was cancelled before they told it.</returns>
    public static async ValueTask<bool?> ReadAsync(PipeReader input)
    {
        while (true)
        {
            var read = await input.ReadAsync();
            var (buffer, verdict) = (read.Buffer, Compare(read.Buffer));
            var isOver = verdict is not null || read.IsCompleted || read.IsCanceled;
            input.AdvanceTo(buffer.Start, isOver ? buffer.Start : buffer.End);
            if (isOver)
            {
                return buffer.IsEmpty || (read.IsCanceled && verdict is null) ? null : verdict ?? false;
            }
        }
    }

    /// <summary>Compares the first bytes of a connection.</summary>
    /// <returns>Whether they are HTTP/2; null if that depends on the next bytes.</returns>
    public static bool? Compare(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> first = stackalloc byte[Bytes.Length];
        var count = (int)Math.Min(bytes.Length, first.Length);
        bytes.Slice(0, count).CopyTo(first);
        return !Bytes.StartsWith(first[..count]) ? false
            : count == Bytes.Length ? true
            : null;
    }
}
