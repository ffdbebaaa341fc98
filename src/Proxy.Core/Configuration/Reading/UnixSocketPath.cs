using System.Text;

namespace Proxy.Configuration.Reading;

/// <summary>Checks the path of a Unix socket.</summary>
internal static class UnixSocketPath
{
    // sun_path has 108 bytes on Linux with the final zero, and 104 elsewhere.
    private const int MaxBytes = 103;

    public static string? Check(string path) =>
        !path.StartsWith('/') ? $"'{path}' is not an absolute path; write unix:/run/name.sock."
        : path.Contains('\0', StringComparison.Ordinal) || path.EndsWith('/')
            ? $"'{path}' is no path of a socket; write one such as /run/name.sock."
        : Encoding.UTF8.GetByteCount(path) > MaxBytes
            ? $"the path is longer than the {MaxBytes} bytes that a Unix socket may have; use a shorter one."
        : null;
}
