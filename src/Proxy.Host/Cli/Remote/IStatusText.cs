using Proxy.Host.Cli.Output;

namespace Proxy.Host.Cli.Remote;

/// <summary>An answer to <c>proxy status</c>. Its properties are its JSON.</summary>
internal interface IStatusText
{
    /// <summary>Writes it for people.</summary>
    /// <param name="writer">The place of the text.</param>
    /// <param name="printer">The format and the colors.</param>
    void WriteTo(TextWriter writer, Printer printer);

    /// <summary>The exit code that tells it to scripts.</summary>
    int ToExitCode();
}
