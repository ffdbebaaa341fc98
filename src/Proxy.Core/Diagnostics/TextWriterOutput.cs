using System.Text;

namespace Proxy.Diagnostics;

/// <summary>Writes the access log to an application's own writer.</summary>
internal sealed class TextWriterOutput(TextWriter writer) : IAccessLogOutput
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    public bool Open() => false;

    public int Write(ReadOnlySpan<byte> lines)
    {
        var text = new char[lines.Length];
        writer.Write(text, 0, _decoder.GetChars(lines, text, flush: false));
        writer.Flush();
        return lines.Length;
    }

    public void Reopen()
    {
        // The writer belongs to the application.
    }

    public void Dispose() => writer.Dispose();
}
