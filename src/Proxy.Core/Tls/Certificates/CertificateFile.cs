namespace Proxy.Tls.Certificates;

/// <summary>Reads files of certificates, keys and lists.</summary>
internal static class CertificateFile
{
    /// <summary>The largest file, in bytes.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    /// <exception cref="CertificateException">The file is missing, unreadable, no file, empty or too large.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            // Before it is opened, which waits forever at a pipe. The length of a link is its own.
            if ((File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path)) is FileInfo { Exists: true, Length: 0 })
            {
                throw new CertificateException($"{path} is empty, or no regular file.");
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            if (file.Length > MostBytes)
            {
                throw new CertificateException($"{path} is larger than 4 MiB; name a file that has only certificates or keys.");
            }

            var content = new byte[file.Length];
            var count = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return count == 0 ? throw new CertificateException($"{path} is empty.") : content[..count];
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CertificateException(
                Path.IsPathRooted(path)
                    ? $"{path} does not exist."
                    : $"{path} does not exist; such names start in the current folder, {Environment.CurrentDirectory}.",
                exception
            );
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new CertificateException(
                Directory.Exists(path)
                    ? $"{path} is a folder; name a file in it."
                    : $"{path} cannot be read: access is denied to the user that runs the proxy.",
                exception
            );
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or NotSupportedException)
        {
            throw new CertificateException($"{path} cannot be read: {exception.Message}", exception);
        }
    }
}
