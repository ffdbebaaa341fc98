namespace Proxy.Host.Observability.AccessLogging;

/// <summary>A file that is open for appending.</summary>
internal interface ILogFile : IDisposable
{
    /// <summary>The size in bytes, including bytes of other writers; null if it is not a regular file, such as a pipe or a device.</summary>
    long? Length { get; }

    /// <summary>Whether the path still refers to this file. It does not after a rename or a deletion.</summary>
    bool IsAt(string path);

    /// <returns>The number of bytes written, which may be less than the length; zero if the write would block.</returns>
    /// <exception cref="IOException">The write failed.</exception>
    int Write(ReadOnlySpan<byte> bytes);
}
