namespace Proxy.Host.Observability.AccessLogging;

/// <summary>The log file on systems other than Linux. It notices a rename only if no new file has the path.</summary>
internal sealed class PortableLogFile(string path) : ILogFile
{
    private readonly FileStream _stream = new(
        path,
        FileMode.Append,
        FileAccess.Write,
        FileShare.ReadWrite | FileShare.Delete,
        bufferSize: 0
    );

    public long? Length => _stream.CanSeek ? _stream.Length : null;

    public bool IsAt(string path) => File.Exists(path);

    public int Write(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        return bytes.Length;
    }

    public void Dispose() => _stream.Dispose();
}
