using Proxy.Diagnostics;

namespace Proxy.Host.Observability.AccessLogging;

/// <summary>The access log on standard output. A console or pipe that is not read keeps the writer, until it is.</summary>
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
        // The program that started this one has it.
    }

    public void Dispose() => _stream.Dispose();
}
