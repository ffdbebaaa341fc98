using Proxy.Etcd.Documents;

namespace Proxy.Host.Cli.Documents;

/// <summary>A command on a document that hosts share, connected to the engine.</summary>
/// <param name="Name">The name of the document.</param>
/// <param name="Sources">The layers, of which one is the document.</param>
/// <param name="Shared">The connection.</param>
internal sealed record DocumentSession(string Name, IConfigurationBuilder Sources, SharedConfiguration Shared)
{
    /// <summary>The name as a layer, for messages.</summary>
    public string Layer => DocumentName.Layer(Name);

    /// <summary>Reads and writes documents.</summary>
    public DocumentStore Store => Shared.Documents;

    /// <summary>Reads a file of the command line; <c>-</c> is standard input.</summary>
    /// <exception cref="DocumentException">It cannot be read, or is too long.</exception>
    public static async Task<byte[]> ReadFileAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            using var text = new MemoryStream();
            var buffer = new byte[1 << 16];
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var length)
            {
                await text.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
                if (text.Length > DocumentStore.MaxBytes)
                {
                    throw new DocumentException(
                        $"'{file}' has more than {DocumentStore.MaxBytes} bytes: etcd takes 1.5 MiB in one request, history included. Divide it into several documents.",
                        isInput: true
                    );
                }
            }

            return text.ToArray();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DocumentException($"'{file}' cannot be read: {exception.Message}", isInput: true, exception);
        }
    }
}
