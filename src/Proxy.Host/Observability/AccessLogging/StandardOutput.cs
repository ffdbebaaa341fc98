using Proxy.Diagnostics;

namespace Proxy.Host.Observability.AccessLogging;

/// <summary>Writes the access log to standard output. A write blocks while the console or pipe is full and not read.</summary>
internal sealed class StandardOutput : IAccessLogOutput
{
    private readonly Stream _stream = Console.OpenStandardOutput();

    public bool Open() => false;

    public int Write(ReadOnlySpan<byte> lines)
    {
        _stream.Write(lines);
        return lines.Length;
    }

    public void Reopen()
    {
        // Standard output is opened by the parent process and cannot be reopened.
    }

    public void Dispose() => _stream.Dispose();
}
