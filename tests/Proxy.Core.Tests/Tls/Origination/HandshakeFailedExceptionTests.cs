using System.Security.Cryptography;
using Proxy.Tls.Origination;

namespace Proxy.Core.Tests.Tls.Origination;

public sealed class HandshakeFailedExceptionTests
{
    [Theory]
    [InlineData(
        "error:0A00045C:SSL routines::tlsv13 alert certificate required",
        "RefusedByPeer",
        "The destination refused the connection after the TLS handshake with the alert 'certificate required'."
    )]
    [InlineData(
        "error:0A000119:SSL routines::decryption failed or bad record mac",
        "Malformed",
        "The destination violated TLS after the handshake: decryption failed or bad record mac."
    )]
    public void After_WhatOpenSslSays_IsTheAlertOrTheViolation(string said, string reason, string message)
    {
        var exception = HandshakeFailedException.After(new IOException("Decrypt failed.", new CryptographicException(said)));

        Assert.Equal((reason, message), (exception.Reason.ToString(), exception.Message));
    }
}
