namespace Proxy.Host.Observability.AccessLogging;

/// <summary>The file where there is no Linux: renamed by others it is followed only when it is opened anew.</summary>
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
