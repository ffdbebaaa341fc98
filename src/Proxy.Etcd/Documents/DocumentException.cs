using System.Diagnostics.CodeAnalysis;

namespace Proxy.Etcd.Documents;

/// <summary>A document that hosts share cannot be read or written. The message is one printable sentence that says what to do.</summary>
/// <param name="message">What has failed.</param>
/// <param name="isInput">Whether what the user gave is wrong, rather than the engine.</param>
/// <param name="inner">The cause.</param>
[SuppressMessage("Design", "CA1064", Justification = "Caught by the commands and the start of the program.")]
[SuppressMessage("Design", "CA1032", Justification = "Always made with all of it.")]
internal sealed class DocumentException(string message, bool isInput, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether what the user gave is wrong, rather than the engine.</summary>
    public bool IsInput => isInput;
}
